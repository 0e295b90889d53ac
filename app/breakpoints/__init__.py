"""Conditions at which a session stops: what people can write, how it is read, and when it comes true."""
