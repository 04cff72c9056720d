"""The only code that loads weights or opens sockets; imported in functions, never on top."""
