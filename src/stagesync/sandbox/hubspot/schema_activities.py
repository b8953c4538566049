"""The properties of activities and leads; rows as in the tables of the other objects.

Subjects and bodies stand among them, so that a client that asks for them can be caught.
Source: https://developers.hubspot.com/docs/guides/api/crm/engagements (seen 2026-11).
"""

MEETINGS = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_timestamp|Activity date|datetime|date|
hs_meeting_title|Meeting name|string|text|
hs_meeting_body|Meeting description|string|html|
hs_internal_meeting_notes|Internal meeting notes|string|html|
hs_meeting_external_url|External link|string|text|
hs_meeting_location|Location|string|text|
hs_meeting_location_type|Location type|enumeration|select|
hs_meeting_start_time|Meeting start time|datetime|date|
hs_meeting_end_time|Meeting end time|datetime|date|
hs_meeting_outcome|Meeting outcome|enumeration|select|
hs_activity_type|Call and meeting type|enumeration|select|
hs_meeting_source|Meeting source|string|text|r
"""

CALLS = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_timestamp|Activity date|datetime|date|
hs_call_title|Call title|string|text|
hs_call_body|Call notes|string|html|
hs_call_direction|Call direction|enumeration|select|
hs_call_status|Call status|enumeration|select|
hs_call_disposition|Call outcome|enumeration|select|
hs_call_duration|Call duration|number|number|
hs_call_from_number|From number|string|text|
hs_call_to_number|To number|string|text|
hs_call_recording_url|Recording URL|string|text|
hs_call_source|Call source|string|text|r
hs_activity_type|Call and meeting type|enumeration|select|
"""

EMAILS = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_timestamp|Activity date|datetime|date|
hs_email_direction|Email direction|enumeration|select|
hs_email_status|Email send status|enumeration|select|
hs_email_subject|Email subject|string|text|
hs_email_text|Email body|string|textarea|
hs_email_html|Email body HTML|string|html|
hs_email_headers|Email headers|string|textarea|
hs_email_from_email|Email from address|string|text|r
hs_email_from_firstname|Email from first name|string|text|r
hs_email_from_lastname|Email from last name|string|text|r
hs_email_to_email|Email to address|string|text|r
hs_email_to_firstname|Email to first name|string|text|r
hs_email_to_lastname|Email to last name|string|text|r
hs_email_thread_id|Email thread ID|string|text|r
hs_body_preview|Body preview|string|text|r
hs_attachment_ids|Attached file IDs|enumeration|checkbox|x
"""

NOTES = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_timestamp|Activity date|datetime|date|
hs_note_body|Note body|string|html|
hs_body_preview|Body preview|string|text|r
hs_attachment_ids|Attached file IDs|enumeration|checkbox|x
"""

TASKS = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_timestamp|Due date|datetime|date|
hs_task_subject|Task title|string|text|
hs_task_body|Task notes|string|html|
hs_body_preview|Body preview|string|text|r
hs_task_status|Task status|enumeration|select|
hs_task_priority|Priority|enumeration|select|
hs_task_type|Task type|enumeration|select|
hs_task_reminders|Reminder date|datetime|date|
hs_task_completion_date|Completed at|datetime|date|c
hs_task_is_completed|Is completed|number|number|c
hs_attachment_ids|Attached file IDs|enumeration|checkbox|x
"""

LEADS = """
hs_createdate|Object create date/time|datetime|date|r
hs_lastmodifieddate|Object last modified date/time|datetime|date|r
hs_lead_name|Lead name|string|text|
hs_lead_type|Lead type|enumeration|select|
hs_lead_label|Lead label|enumeration|select|
hs_pipeline|Lead pipeline|enumeration|select|x
hs_pipeline_stage|Lead pipeline stage|enumeration|select|x
hs_primary_contact_id|Primary contact|number|number|r
hs_primary_company_id|Primary company|number|number|r
hs_lead_is_open|Is open|number|number|c
"""

ACTIVITY_TABLES = {
    "meetings": MEETINGS,
    "calls": CALLS,
    "emails": EMAILS,
    "notes": NOTES,
    "tasks": TASKS,
    "leads": LEADS,
}

LEAD_STAGES = {
    "new-stage-id": "New",
    "attempting-stage-id": "Attempting",
    "connected-stage-id": "Connected",
    "qualified-stage-id": "Qualified",
    "unqualified-stage-id": "Disqualified",
}

ACTIVITY_CHOICES = {
    "hs_activity_type": "Discovery Demo Negotiation Follow-up",
    "hs_meeting_outcome": "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
    "hs_meeting_location_type": "PHONE ADDRESS CUSTOM",
    "hs_call_direction": "INBOUND OUTBOUND",
    "hs_call_status": "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS MISSED NO_ANSWER QUEUED RINGING",
    "hs_email_direction": "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
    "hs_email_status": "BOUNCED FAILED SCHEDULED SENDING SENT DRAFT",
    "hs_task_status": "COMPLETED DEFERRED IN_PROGRESS NOT_STARTED WAITING",
    "hs_task_priority": "NONE LOW MEDIUM HIGH",
    "hs_task_type": "EMAIL CALL TODO",
    "hs_lead_type": "NEW_BUSINESS RE_ENGAGING UPSELL",
    "hs_lead_label": "WARM COLD HOT",
    "leads.hs_pipeline": "lead-pipeline-id",
    "hs_pipeline_stage": " ".join(LEAD_STAGES),
}
