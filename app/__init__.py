"""apicscope: see interrupts move. `app/README.md` is the map."""
