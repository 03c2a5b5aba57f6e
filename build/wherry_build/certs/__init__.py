"""Certificates: an authority, what it signs for services, and the Secrets that carry them."""

from wherry_build.certs.identity import identity as identity
from wherry_build.certs.identity import scope as scope
from wherry_build.certs.issuing import issue as issue
from wherry_build.certs.order import Order as Order
from wherry_build.certs.order import Report as Report
from wherry_build.certs.report import document as document
from wherry_build.certs.report import text as text
