"""The only code that talks to a server: OpenAI's chat completions and images, wherever they run.

`address.py` finds server and key, `post.py` asks patiently and thriftily, and all goes through
`door.py`; `chat.py` and `images.py` know what is asked and what comes back, `dialect.py` what a
server does not take.
"""
