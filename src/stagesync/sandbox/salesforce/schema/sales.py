"""Fields of deals, activities and campaigns."""

OPPORTUNITY = """
Name string(120) *
StageName picklist * =StageName
CloseDate date *
AccountId reference >Account:Account
Amount currency(18,2)
Probability percent(3,0)
ExpectedRevenue currency(18,2) -c -u
Type picklist =OpportunityType
LeadSource picklist =LeadSource
NextStep string(255)
Description textarea(32000) ~
IsClosed boolean -c -u
IsWon boolean -c -u
ForecastCategory picklist(40) -c -u ! =ForecastCategory
ForecastCategoryName picklist ! =ForecastCategoryName
CampaignId reference >Campaign:Campaign
ContactId reference -u >Contact:
OwnerId reference >User:Owner
LastStageChangeDate datetime -c -u
LastActivityDate date -c -u
"""

OPPORTUNITY_CONTACT_ROLE = """
OpportunityId reference * -u >Opportunity:Opportunity
ContactId reference * >Contact:Contact
Role picklist =ContactRole
IsPrimary boolean
"""

TASK = """
WhoId reference >Contact|Lead:Who
WhatId reference >Account|Opportunity|Campaign:What
Subject combobox(255)
ActivityDate date
Status picklist * =TaskStatus
Priority picklist * =Priority
Description textarea(32000) ~
OwnerId reference >User|Group:Owner
IsClosed boolean -c -u
IsHighPriority boolean -c -u
TaskSubtype picklist(40) -u ! =TaskSubtype
CallType picklist(40) =CallType
CallDurationInSeconds int(8)
CallDisposition string(255)
CompletedDateTime datetime -c -u
AccountId reference -c -u >Account:Account
IsArchived boolean -c -u
"""

EVENT = """
WhoId reference >Contact|Lead:Who
WhatId reference >Account|Opportunity|Campaign:What
Subject combobox(255)
Location string(255)
IsAllDayEvent boolean
StartDateTime datetime
EndDateTime datetime
ActivityDateTime datetime
ActivityDate date
DurationInMinutes int(8)
Description textarea(32000) ~
OwnerId reference >User|Group:Owner
EventSubtype picklist(40) -u ! =EventSubtype
AccountId reference -c -u >Account:Account
IsChild boolean -c -u
IsGroupEvent boolean -c -u
IsRecurrence2 boolean -c -u
IsArchived boolean -c -u
"""

CAMPAIGN = """
Name string(80) *
Type picklist(40) =CampaignType
Status picklist(40) =CampaignStatus
IsActive boolean
StartDate date
EndDate date
ParentId reference >Campaign:Parent
OwnerId reference >User:Owner
LastActivityDate date -c -u
"""

CAMPAIGN_MEMBER = """
CampaignId reference * -u >Campaign:Campaign
LeadId reference -u >Lead:Lead
ContactId reference -u >Contact:Contact
LeadOrContactId reference -c -u >Lead|Contact:LeadOrContact
Status picklist(40) =MemberStatus
HasResponded boolean -c -u
FirstRespondedDate date -c -u
Name string(511) -c -u
Type picklist(40) -c -u
"""
