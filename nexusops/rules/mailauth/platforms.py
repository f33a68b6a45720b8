"""Sending platforms whose customers share servers: what is permitted to one of them is permitted to all (R73)."""

from __future__ import annotations

from nexusops.model.ids import within

SHARED: dict[str, str] = {
    "sendgrid.net": "SendGrid",
    "amazonses.com": "Amazon SES",
    "mailgun.org": "Mailgun",
    "mailgun.com": "Mailgun",
    "mandrillapp.com": "Mailchimp Transactional",
    "mcsv.net": "Mailchimp",
    "mtasv.net": "Postmark",
    "sparkpostmail.com": "SparkPost",
    "mailjet.com": "Mailjet",
    "sendinblue.com": "Brevo",
    "brevo.com": "Brevo",
    "createsend.com": "Campaign Monitor",
    "exacttarget.com": "Salesforce Marketing Cloud",
    "salesforce.com": "Salesforce",
    "hubspotemail.net": "HubSpot",
    "zendesk.com": "Zendesk",
    "freshdesk.com": "Freshdesk",
    "elasticemail.com": "Elastic Email",
    "smtp2go.com": "SMTP2GO",
    "spf.dynect.net": "Oracle Dyn",
    "constantcontact.com": "Constant Contact",
    "dotdigital.com": "Dotdigital",
    "google.com": "Google Workspace",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
}
"""A domain that their SPF records stand in, or beneath, and what the platform is called."""


def shared_platform(name: str) -> str | None:
    """The platform that a name to be included belongs to; None: not one that is known to be shared."""
    return next((who for domain, who in SHARED.items() if within(name, domain)), None)
