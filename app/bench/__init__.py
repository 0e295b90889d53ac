"""How fast it is: `apicscope bench`."""
