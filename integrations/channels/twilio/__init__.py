"""Twilio Voice behind the telephone: documents as TwiML, the proof of its requests, its API, its webhooks."""
