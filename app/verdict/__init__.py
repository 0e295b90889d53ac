"""The claims of 2007 and since, judged by experiment."""
