"""Servers on the loopback that stand in for Slack, a mail server and a webhook's receiver, with all their troubles.

They enforce what the real ones enforce, keep what they took, and fail as asked. Nothing here needs pytest: tests and
the chaos harness use them alike, each as a context manager.
"""

from tests.alerts.servers.http import Answer, HttpServer, Request
from tests.alerts.servers.mail import Certificates, Mail, Mailbox
from tests.alerts.servers.receiver import Receiver
from tests.alerts.servers.slack import SlackServer
from tests.alerts.servers.trouble import LOOPBACK, How, Trouble, nobody

__all__ = [
    "LOOPBACK",
    "Answer",
    "Certificates",
    "How",
    "HttpServer",
    "Mail",
    "Mailbox",
    "Receiver",
    "Request",
    "SlackServer",
    "Trouble",
    "nobody",
]
