"""What a value means beside its own past: standing, context, causes and base rates, as pure arithmetic.

Nothing here opens a file, asks a clock or draws a random number by itself: sessions, prices and seeds are arguments,
and every function sees the past only, up to the session it is given.
"""
