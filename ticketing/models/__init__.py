"""The tables, one noun a file; importing this package registers them all."""

from __future__ import annotations

from ticketing.models.alarm import AlarmLevel, AlarmRow
from ticketing.models.api_token import ApiToken
from ticketing.models.assignment import Assignment, Part
from ticketing.models.attachment import Attachment, Blob, Medium
from ticketing.models.attachment import Part as AttachmentPart
from ticketing.models.audit_root import AuditRoot
from ticketing.models.base import Base, UtcDateTime, new_id
from ticketing.models.call import Lane, PhoneCall, PhoneDocument
from ticketing.models.callback import Callback, CallbackAttempt, CallbackStatus, Survey
from ticketing.models.card import Card, CardStatus, Colour, Exclusion, ExclusionStatus
from ticketing.models.citizen import Citizen
from ticketing.models.clock import Clock
from ticketing.models.contact import ChannelContact, ProviderToken, SeenRequest
from ticketing.models.conversation import Author, Conversation, Message, Owner
from ticketing.models.counter import NumberCounter
from ticketing.models.delivery import Delivery, DeliveryStatus, SmsBudget, SmsMessage, SmsStatus
from ticketing.models.event import TicketEvent
from ticketing.models.incident_key import IncidentKey
from ticketing.models.lesson import Cause, Lesson
from ticketing.models.letter import Letter, LetterStatus
from ticketing.models.one_time_code import OneTimeCode
from ticketing.models.outbox import OutboxRow
from ticketing.models.promise import Promise, PromiseStatus
from ticketing.models.public_notice import NoticeTicket, PublicNotice
from ticketing.models.queue import (
    Desk,
    DeskNote,
    Left,
    NoteKind,
    OfferOutcome,
    Presence,
    QueueEntry,
    QueueOffer,
    ReturnCall,
)
from ticketing.models.report import Report
from ticketing.models.request import Request, RequestKind, RequestStatus, Ruling
from ticketing.models.staff import LoginSession, Post, Role, Staff
from ticketing.models.staff_notice import StaffNotice
from ticketing.models.supervision import DueWarning, Duty, SiteVisit, Supervision, SupervisionStatus, Urge
from ticketing.models.ticket import Kind, Status, Ticket, Urgency
from ticketing.models.unit import Unit
from ticketing.models.webhook import HookStatus, Webhook, WebhookDelivery

__all__ = [
    "AlarmLevel",
    "AlarmRow",
    "ApiToken",
    "Assignment",
    "Attachment",
    "AttachmentPart",
    "AuditRoot",
    "Author",
    "Base",
    "Blob",
    "Callback",
    "CallbackAttempt",
    "CallbackStatus",
    "Card",
    "CardStatus",
    "Cause",
    "ChannelContact",
    "Citizen",
    "Clock",
    "Colour",
    "Conversation",
    "Delivery",
    "DeliveryStatus",
    "Desk",
    "DeskNote",
    "DueWarning",
    "Duty",
    "Exclusion",
    "ExclusionStatus",
    "HookStatus",
    "IncidentKey",
    "Kind",
    "Lane",
    "Left",
    "Lesson",
    "Letter",
    "LetterStatus",
    "LoginSession",
    "Medium",
    "Message",
    "NoteKind",
    "NoticeTicket",
    "NumberCounter",
    "OfferOutcome",
    "OneTimeCode",
    "OutboxRow",
    "Owner",
    "Part",
    "PhoneCall",
    "PhoneDocument",
    "Post",
    "Presence",
    "Promise",
    "PromiseStatus",
    "ProviderToken",
    "PublicNotice",
    "QueueEntry",
    "QueueOffer",
    "Report",
    "Request",
    "RequestKind",
    "RequestStatus",
    "ReturnCall",
    "Role",
    "Ruling",
    "SeenRequest",
    "SiteVisit",
    "SmsBudget",
    "SmsMessage",
    "SmsStatus",
    "Staff",
    "StaffNotice",
    "Status",
    "Supervision",
    "SupervisionStatus",
    "Survey",
    "Ticket",
    "TicketEvent",
    "Unit",
    "Urge",
    "Urgency",
    "UtcDateTime",
    "Webhook",
    "WebhookDelivery",
    "new_id",
]
