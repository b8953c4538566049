"""Fields of the set-up objects: status lists, permission sets, the organisation, custom fields."""

LEAD_STATUS = """
ApiName string(255) -c -u
MasterLabel string(255) -c -u
IsConverted boolean -c -u
IsDefault boolean -c -u
SortOrder int(8) -c -u
"""

OPPORTUNITY_STAGE = """
ApiName string(255) -c -u
MasterLabel string(255) -c -u
IsActive boolean -c -u
IsClosed boolean -c -u
IsWon boolean -c -u
DefaultProbability percent(3,0) -c -u
ForecastCategory picklist(40) -c -u ! =ForecastCategory
ForecastCategoryName picklist -c -u ! =ForecastCategoryName
SortOrder int(8) -c -u
"""

CAMPAIGN_MEMBER_STATUS = """
CampaignId reference * -u >Campaign:Campaign
Label string(765) *
HasResponded boolean
IsDefault boolean
SortOrder int(8)
"""

ORGANIZATION = """
Name string(80) -c -u
InstanceName string(5) -c -u
IsSandbox boolean -c -u
OrganizationType picklist(40) -c -u !
TimeZoneSidKey picklist(40) -c -u !
"""

PROFILE = """
Name string(255) *
UserType picklist(40) -c -u !
UserLicenseId reference -c -u >UserLicense:UserLicense
"""

USER_LICENSE = """
Name string(255) -c -u
MasterLabel string(255) -c -u
LicenseDefinitionKey string(80) -c -u
Status picklist(40) -c -u !
"""

# One row per field of an object; the organisation works them out when asked.
FIELD_DEFINITION = """
DurableId string(255) -c -u
EntityDefinitionId string(255) -c -u
QualifiedApiName string(70) -c -u
Label string(255) -c -u
DataType string(255) -c -u
IsFieldHistoryTracked boolean -c -u
"""

PERMISSION_SET = """
Name string(80) *
Label string(80) *
Description string(255)
IsOwnedByProfile boolean -c -u
IsCustom boolean -c -u
Type picklist(40) -c -u !
"""

PERMISSION_SET_ASSIGNMENT = """
PermissionSetId reference * -u >PermissionSet:PermissionSet
AssigneeId reference * -u >User:Assignee
IsActive boolean -c -u
"""

FIELD_PERMISSIONS = """
ParentId reference * -u >PermissionSet:Parent
SobjectType picklist(40) * -u !
Field picklist * -u !
PermissionsRead boolean
PermissionsEdit boolean
"""

CUSTOM_FIELD = """
DeveloperName string(40) -c -u
TableEnumOrId picklist -c -u
NamespacePrefix string(15) -c -u
Length int(8) -c -u
Description string(1000) -c -u
"""

GLOBAL_VALUE_SET = """
DeveloperName string(80) -c -u
MasterLabel string(80) -c -u
Description string(255) -c -u
"""

# The rows of field history; `{parent}` is the object whose fields are tracked.
HISTORY = """
{key} reference -c -u >{parent}:{parent}
Field picklist -c -u !
DataType picklist -c -u !
OldValue anyType -c -u ~
NewValue anyType -c -u ~
"""

TASK_RELATION = """
RelationId reference * -u >Contact|Lead|Account|Opportunity|Campaign:Relation
TaskId reference * -u >Task:Task
IsWhat boolean -c -u
AccountId reference -c -u >Account:Account
"""

EVENT_RELATION = """
RelationId reference * -u >Contact|Lead|Account|Opportunity|Campaign:Relation
EventId reference * -u >Event:Event
Status picklist(40)
IsWhat boolean -c -u
IsParent boolean
IsInvitee boolean
AccountId reference -c -u >Account:Account
"""

RECORD_TYPE = """
Name string(80) -c -u
DeveloperName string(80) -c -u
SobjectType picklist(40) -c -u !
IsActive boolean -c -u
Description string(255) -c -u
"""
