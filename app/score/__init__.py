"""The score: what lasts on a machine, and from when to when, as spans on lanes; kept while the machine goes on."""
