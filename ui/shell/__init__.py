"""What stands around the page: who comes in, what is refused, what is served, how it is framed."""
