"""A message in the markup of each kind of channel: plain text, Slack's blocks, a mail's HTML.

Written by hand, without a template engine: three pages of markup are three functions, and what they quote is escaped
where it is quoted.
"""
