"""Forms, and what was filled into them; submissions come newest first and know only an address.

Source: https://developers.hubspot.com/docs/api-reference/marketing-forms-v3 and
https://legacydocs.hubspot.com/docs/methods/forms/get-submissions-for-a-form (seen 2026-11).
"""

from typing import Any

from stagesync.sandbox.hubspot.call import Answer, Call
from stagesync.sandbox.hubspot.errors import Refusal, not_found
from stagesync.sandbox.hubspot.feeds import Form, Submission
from stagesync.sandbox.hubspot.paging import limit_of, paged
from stagesync.sandbox.hubspot.values import iso


def list_page(call: Call) -> Answer:
    """`GET /forms`: forms of HubSpot's own kind unless `formTypes` asks for others."""
    wanted = call.many("formTypes") or ["hubspot"]
    known = [
        form for form in call.portal.feeds.forms.values() if form.type in wanted or "all" in wanted
    ]
    rows, paging = paged(call, known, limit=limit_of(call, default=20, most=500))
    body: dict[str, Any] = {"results": [_form(form) for form in rows]}
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def read(call: Call) -> Answer:
    """`GET /forms/{id}`."""
    return Answer(_form(_known(call)), records=1)


def submissions(call: Call) -> Answer:
    """`GET /form-integrations/submissions/forms/{id}`: newest first."""
    form = _known(call)
    if form.type == "blog_comment":
        message = "Form type blog_comment is not allowed for this request"
        raise Refusal(
            400,
            {
                "message": message,
                "errors": [{"message": message, "errorType": "FORM_TYPE_NOT_ALLOWED"}],
                "errorType": "FORM_TYPE_NOT_ALLOWED",
            },
        )
    limit = limit_of(call, default=20, most=50)
    found = [sent for sent in call.portal.feeds.submissions if sent.form_id == form.id]
    newest = sorted(found, key=lambda sent: sent.at_ms, reverse=True)
    rows, paging = paged(call, newest, limit=limit)
    body: dict[str, Any] = {"results": [_submission(sent) for sent in rows]}
    return Answer(body | ({"paging": paging} if paging else {}), records=len(rows))


def _known(call: Call) -> Form:
    form = call.portal.feeds.forms.get(call.path["id"])
    if form is None:
        raise not_found(f"No form found with id {call.path['id']}", category="OBJECT_NOT_FOUND")
    return form


def _submission(sent: Submission) -> dict[str, Any]:
    values = [{"name": n, "value": text, "objectTypeId": "0-1"} for n, text in sent.values]
    return {
        "conversionId": sent.conversion_id,
        "submittedAt": sent.at_ms,
        "values": values,
        "pageUrl": sent.page_url,
    }


def _form(form: Form) -> dict[str, Any]:
    made = iso(form.created_ms)
    field = {
        "objectTypeId": "0-1",
        "name": "email",
        "label": "Email",
        "required": True,
        "hidden": False,
        "fieldType": "email",
        "validation": {"blockedEmailDomains": [], "useDefaultBlockList": False},
        "dependentFields": [],
    }
    group = {"groupType": "default_group", "richTextType": "text", "fields": [field]}
    return {
        "id": form.id,
        "name": form.name,
        "formType": form.type,
        "createdAt": made,
        "updatedAt": made,
        "archived": False,
        "fieldGroups": [group],
        "configuration": _CONFIGURATION,
        "displayOptions": _DISPLAY,
        "legalConsentOptions": {"type": "none"},
    }


_CONFIGURATION = {
    "language": "fr",
    "cloneable": True,
    "editable": True,
    "archivable": True,
    "recaptchaEnabled": False,
    "notifyContactOwner": False,
    "notifyRecipients": [],
    "createNewContactForNewEmail": False,
    "prePopulateKnownValues": True,
    "allowLinkToResetKnownValues": False,
    "postSubmitAction": {"type": "thank_you", "value": ""},
    "lifecycleStages": [],
}
_DISPLAY = {
    "renderRawHtml": False,
    "theme": "default_style",
    "submitButtonText": "Envoyer",
    "cssClass": "",
    "style": {
        "fontFamily": "arial",
        "backgroundWidth": "100%",
        "labelTextColor": "#33475b",
        "labelTextSize": "14px",
        "helpTextColor": "#7C98B6",
        "helpTextSize": "11px",
        "legalConsentTextColor": "#33475b",
        "legalConsentTextSize": "14px",
        "submitColor": "#ff7a59",
        "submitAlignment": "left",
        "submitFontColor": "#ffffff",
        "submitSize": "12px",
    },
}
