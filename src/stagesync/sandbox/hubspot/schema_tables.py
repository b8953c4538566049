"""The properties a new HubSpot account has, as far as a CRM sync may meet them.

One row per property: name | label | type | field type | flags.
Flags: r read-only value, c calculated, x options kept elsewhere, u unique, f usable in forms.

Source: https://developers.hubspot.com/docs/guides/api/crm/properties and the default property
lists at https://knowledge.hubspot.com/properties (seen 2026-11).
"""

from stagesync.sandbox.hubspot.schema_activities import ACTIVITY_CHOICES, ACTIVITY_TABLES

COMMON = """
hs_object_id|Record ID|number|number|r
hs_object_source|Record creation source|string|text|r
hs_object_source_id|Record creation source ID|string|text|r
hs_object_source_label|Record source|enumeration|select|r
hs_created_by_user_id|Created by user ID|number|number|r
hs_updated_by_user_id|Updated by user ID|number|number|r
hs_merged_object_ids|Merged record IDs|enumeration|checkbox|rx
hubspot_owner_id|Owner|enumeration|select|x
hubspot_owner_assigneddate|Owner assigned date|datetime|date|r
hubspot_team_id|HubSpot team|enumeration|select|rx
hs_read_only|Read only object|bool|booleancheckbox|r
"""

CONTACTS = """
createdate|Create Date|datetime|date|r
lastmodifieddate|Last Modified Date|datetime|date|r
firstname|First Name|string|text|f
lastname|Last Name|string|text|f
email|Email|string|text|fu
hs_additional_emails|Additional email addresses|enumeration|checkbox|x
hs_email_domain|Email Domain|string|text|c
phone|Phone Number|string|phonenumber|f
mobilephone|Mobile Phone Number|string|phonenumber|f
jobtitle|Job Title|string|text|f
job_function|Job Function|string|text|f
seniority|Seniority|string|text|f
salutation|Salutation|string|text|f
company|Company Name|string|text|f
industry|Industry|string|text|f
numemployees|Number of Employees|enumeration|select|f
annualrevenue|Annual Revenue|string|text|f
website|Website URL|string|text|f
address|Street Address|string|text|f
zip|Postal Code|string|text|f
city|City|string|text|f
state|State/Region|string|text|f
country|Country/Region|string|text|f
hs_language|Preferred language|enumeration|select|f
message|Message|string|textarea|f
associatedcompanyid|Primary Associated Company ID|number|number|r
num_associated_deals|Number of Associated Deals|number|number|c
hs_persona|Persona|enumeration|radio|f
lifecyclestage|Lifecycle Stage|enumeration|radio|xf
hs_lead_status|Lead Status|enumeration|radio|f
hs_pipeline|Contact record pipeline|enumeration|select|x
hs_is_unworked|Contact unworked|bool|booleancheckbox|c
hs_latest_source|Latest Traffic Source|enumeration|select|r
hs_calculated_merged_vids|Calculated merged record IDs|string|text|c
hubspotscore|HubSpot Score|number|number|r
hs_email_optout|Unsubscribed from all email|bool|booleancheckbox|r
hs_email_delivered|Marketing emails delivered|number|number|r
hs_email_open|Marketing emails opened|number|number|r
hs_email_click|Marketing emails clicked|number|number|r
hs_email_replied|Marketing emails replied|number|number|r
hs_email_bounce|Marketing emails bounced|number|number|r
hs_email_last_send_date|Last marketing email send date|datetime|date|r
hs_email_last_open_date|Last marketing email open date|datetime|date|r
hs_email_last_click_date|Last marketing email click date|datetime|date|r
hs_email_last_reply_date|Last marketing email reply date|datetime|date|r
hs_sales_email_last_opened|Recent sales email opened date|datetime|date|r
hs_sales_email_last_clicked|Recent sales email clicked date|datetime|date|r
hs_sales_email_last_replied|Recent sales email replied date|datetime|date|r
num_conversion_events|Number of form submissions|number|number|r
num_unique_conversion_events|Number of unique forms submitted|number|number|r
first_conversion_date|First conversion date|datetime|date|r
first_conversion_event_name|First conversion|string|text|r
recent_conversion_date|Recent conversion date|datetime|date|r
recent_conversion_event_name|Recent conversion|string|text|r
hs_calculated_form_submissions|All form submissions|enumeration|checkbox|cx
hs_analytics_source|Original Traffic Source|enumeration|select|r
hs_analytics_num_page_views|Number of Pageviews|number|number|r
hs_analytics_num_visits|Number of Sessions|number|number|r
hs_analytics_num_event_completions|Number of event completions|number|number|r
hs_analytics_first_timestamp|Time first seen|datetime|date|r
hs_analytics_last_timestamp|Time last seen|datetime|date|r
hs_analytics_last_visit_timestamp|Time of last session|datetime|date|r
hs_analytics_last_url|Last page seen|string|text|r
notes_last_contacted|Last contacted|datetime|date|r
notes_last_updated|Last activity date|datetime|date|r
notes_next_activity_date|Next activity date|datetime|date|r
num_notes|Number of sales activities|number|number|r
num_contacted_notes|Number of times contacted|number|number|r
engagements_last_meeting_booked|Date of last meeting booked|datetime|date|r
hs_latest_meeting_activity|Latest meeting activity|datetime|date|r
hs_last_sales_activity_timestamp|Last engagement date|datetime|date|r
"""

COMPANIES = """
createdate|Create Date|datetime|date|r
hs_lastmodifieddate|Last Modified Date|datetime|date|r
name|Company name|string|text|f
domain|Company Domain Name|string|text|f
hs_additional_domains|Additional domains|enumeration|checkbox|x
website|Website URL|string|text|f
phone|Phone Number|string|phonenumber|f
industry|Industry|enumeration|select|f
numberofemployees|Number of Employees|number|number|f
annualrevenue|Annual Revenue|number|number|f
description|Description|string|textarea|f
founded_year|Year Founded|string|text|f
type|Type|enumeration|select|f
is_public|Is Public|bool|booleancheckbox|f
address|Street Address|string|text|f
zip|Postal Code|string|text|f
city|City|string|text|f
state|State/Region|string|text|f
country|Country/Region|string|text|f
timezone|Time Zone|string|text|f
hs_parent_company_id|Parent Company|number|number|r
hs_target_account|Target Account|bool|booleancheckbox|
hs_ideal_customer_profile|Ideal Customer Profile Tier|enumeration|select|
lifecyclestage|Lifecycle Stage|enumeration|radio|xf
hs_lead_status|Lead Status|enumeration|radio|f
hs_pipeline|Company record pipeline|enumeration|select|x
num_associated_contacts|Number of Associated Contacts|number|number|c
num_associated_deals|Number of Associated Deals|number|number|c
hs_num_open_deals|Number of open deals|number|number|c
notes_last_contacted|Last contacted|datetime|date|r
notes_last_updated|Last activity date|datetime|date|r
"""

DEALS = """
createdate|Create Date|datetime|date|r
hs_lastmodifieddate|Last Modified Date|datetime|date|r
dealname|Deal Name|string|text|f
dealstage|Deal Stage|enumeration|radio|xf
pipeline|Pipeline|enumeration|select|xf
amount|Amount|number|number|f
deal_currency_code|Currency|enumeration|select|f
closedate|Close Date|datetime|date|f
dealtype|Deal Type|enumeration|radio|f
description|Deal Description|string|textarea|f
closed_lost_reason|Closed Lost Reason|string|textarea|
closed_won_reason|Closed Won Reason|string|textarea|
hs_priority|Priority|enumeration|select|
hs_is_closed|Is Deal Closed?|bool|booleancheckbox|c
hs_is_closed_won|Is Closed Won|bool|booleancheckbox|c
hs_is_closed_lost|Is Closed Lost|bool|booleancheckbox|c
hs_deal_stage_probability|Deal probability|number|number|c
num_associated_contacts|Number of Associated Contacts|number|number|c
notes_last_contacted|Last contacted|datetime|date|r
notes_last_updated|Last activity date|datetime|date|r
"""

TABLES = {
    "contacts": CONTACTS,
    "companies": COMPANIES,
    "deals": DEALS,
    **ACTIVITY_TABLES,
}

LIFECYCLE = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "evangelist": "Evangelist",
    "other": "Other",
}

# Labels that are not simply the value in words.
LABELS = {
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
    **LIFECYCLE,
    "marketing_persona_1": "Persona 1",
}

_LEAD_STATUS = (
    "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING"
)
_TRAFFIC = "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE PAID_SOCIAL AI_REFERRALS"
_LANGUAGES = "en fr de es it nl pt en-us en-gb fr-fr fr-be fr-ch fr-ca"
_SOURCES = "INTEGRATION CRM_UI IMPORT FORM API EMAIL CONVERSATIONS MEETINGS AUTOMATION_PLATFORM INTERNAL_PROCESSING MOBILE_IOS MOBILE_ANDROID"

# Choices by "object.property", or by property for every object that has it.
CHOICES = {
    **ACTIVITY_CHOICES,
    "lifecyclestage": " ".join(LIFECYCLE),
    "hs_lead_status": _LEAD_STATUS,
    "hs_object_source_label": _SOURCES,
    "hs_latest_source": _TRAFFIC,
    "hs_analytics_source": _TRAFFIC,
    "hs_language": _LANGUAGES,
    "hs_persona": "persona_1 persona_2 persona_3 persona_4",
    "numemployees": "1-5 5-25 25-50 50-100 100-500 500-1000 1000+",
    "contacts.hs_pipeline": "contacts-lifecycle-pipeline",
    "companies.hs_pipeline": "companies-lifecycle-pipeline",
    "companies.type": "PROSPECT PARTNER RESELLER VENDOR OTHER",
    "hs_ideal_customer_profile": "tier_1 tier_2 tier_3",
    "dealtype": "newbusiness existingbusiness",
    "hs_priority": "low medium high",
    "deal_currency_code": "EUR USD GBP CHF",
    "hs_call_disposition": " ".join(value for value in LABELS if "-" in value),
    "companies.industry": """
        ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_MEDICINE ANIMATION APPAREL_FASHION
        ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING BIOTECHNOLOGY
        BROADCAST_MEDIA BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS
        CIVIC_SOCIAL_ORGANIZATION CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY
        COMPUTER_GAMES COMPUTER_HARDWARE COMPUTER_NETWORKING COMPUTER_SOFTWARE INTERNET CONSTRUCTION
        CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES COSMETICS DAIRY DEFENSE_SPACE DESIGN
        EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT
        ENVIRONMENTAL_SERVICES EVENTS_SERVICES FACILITIES_SERVICES FARMING FINANCIAL_SERVICES FINE_ART
        FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE GOVERNMENT_ADMINISTRATION GRAPHIC_DESIGN
        HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES
        IMPORT_AND_EXPORT INDUSTRIAL_AUTOMATION INFORMATION_SERVICES
        INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNATIONAL_TRADE_AND_DEVELOPMENT
        INVESTMENT_BANKING INVESTMENT_MANAGEMENT LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM
        LOGISTICS_AND_SUPPLY_CHAIN LUXURY_GOODS_JEWELRY MACHINERY MANAGEMENT_CONSULTING MARITIME
        MARKET_RESEARCH MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING
        MEDIA_PRODUCTION MEDICAL_DEVICES MEDICAL_PRACTICE MENTAL_HEALTH_CARE MINING_METALS
        NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA OUTSOURCING_OFFSHORING
        PACKAGE_FREIGHT_DELIVERY PACKAGING_AND_CONTAINERS PHARMACEUTICALS PHOTOGRAPHY PLASTICS
        PRIMARY_SECONDARY_EDUCATION PRINTING PROFESSIONAL_TRAINING_COACHING PROGRAM_DEVELOPMENT
        PUBLIC_RELATIONS_AND_COMMUNICATIONS PUBLIC_SAFETY PUBLISHING RAILROAD_MANUFACTURE REAL_ESTATE
        RECREATIONAL_FACILITIES_AND_SERVICES RENEWABLES_ENVIRONMENT RESEARCH RESTAURANTS RETAIL
        SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING SPORTING_GOODS SPORTS
        STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES TRANSLATION_AND_LOCALIZATION
        TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY
        WAREHOUSING WHOLESALE WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING
    """,
}
