"""The only code that loads weights or opens sockets; imported inside functions, never at the top."""
