"""Fields of the objects that stand for people and firms: Lead, Contact, Account, User."""

LEAD = """
LastName string(80) *
FirstName string(40)
Salutation picklist(40) =Salutation
Name string(121) -c -u
Title string(128)
Company string(255) *
Street textarea(255)
City string(40)
State string(80)
PostalCode string(20)
Country string(80)
Address address -c -u
Phone phone(40)
MobilePhone phone(40)
Fax phone(40)
Email email(80)
Website url(255)
Description textarea(32000) ~
LeadSource picklist =LeadSource
Status picklist * =LeadStatus
Industry picklist =Industry
Rating picklist =Rating
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
OwnerId reference >User|Group:Owner
HasOptedOutOfEmail boolean
DoNotCall boolean
IsConverted boolean -u
ConvertedDate date -c -u
ConvertedAccountId reference -c -u >Account:ConvertedAccount
ConvertedContactId reference -c -u >Contact:ConvertedContact
ConvertedOpportunityId reference -c -u >Opportunity:ConvertedOpportunity
IsUnreadByOwner boolean
MasterRecordId reference -c -u >Lead:MasterRecord
LastActivityDate date -c -u
CleanStatus picklist(40) ! =Clean
EmailBouncedReason string(255) -c
EmailBouncedDate datetime -c
"""

CONTACT = """
AccountId reference >Account:Account
LastName string(80) *
FirstName string(40)
Salutation picklist(40) =Salutation
Name string(121) -c -u
Title string(128)
Department string(80)
Email email(80)
Phone phone(40)
MobilePhone phone(40)
HomePhone phone(40)
Fax phone(40)
LeadSource picklist =LeadSource
Description textarea(32000) ~
MailingStreet textarea(255)
MailingCity string(40)
MailingState string(80)
MailingPostalCode string(20)
MailingCountry string(80)
MailingAddress address -c -u
ReportsToId reference >Contact:ReportsTo
Birthdate date
OwnerId reference >User:Owner
HasOptedOutOfEmail boolean
DoNotCall boolean
IsEmailBounced boolean -c -u
EmailBouncedReason string(255)
EmailBouncedDate datetime
MasterRecordId reference -c -u >Contact:MasterRecord
LastActivityDate date -c -u
CleanStatus picklist(40) ! =Clean
"""

ACCOUNT = """
Name string(255) *
Type picklist =AccountType
Industry picklist =Industry
Rating picklist(40) =Rating
Ownership picklist =Ownership
AccountSource picklist =LeadSource
AnnualRevenue currency(18,0)
NumberOfEmployees int(8)
Website url(255)
Phone phone(40)
Description textarea(32000) ~
ParentId reference >Account:Parent
BillingStreet textarea(255)
BillingCity string(40)
BillingState string(80)
BillingPostalCode string(20)
BillingCountry string(80)
BillingAddress address -c -u
OwnerId reference >User:Owner
MasterRecordId reference -c -u >Account:MasterRecord
LastActivityDate date -c -u
CleanStatus picklist(40) ! =Clean
"""

USER = """
Username string(80) *
LastName string(80) *
FirstName string(40)
Name string(121) -c -u
Email email(128) *
Alias string(8)
IsActive boolean
UserType picklist(40) !
ProfileId reference >Profile:Profile
"""
