"""What a person does in a mailbox, by exchangelib: list the subjects of a calendar, make an appointment or a contact, send a mail with a file."""
import datetime as dt
import json
import sys
import warnings

warnings.simplefilter("ignore")

from exchangelib import (Account, BASIC, CalendarItem, Configuration, Contact, Credentials, DELEGATE, EWSTimeZone, FileAttachment, HTMLBody,
                         Mailbox, Message)
from exchangelib.indexed_properties import EmailAddress, PhoneNumber
from exchangelib.items import SEND_TO_NONE


def main(url, user, password, command, *args):
    config = Configuration(service_endpoint=url, credentials=Credentials(user, password), auth_type=BASIC, max_connections=1)
    account = Account(user, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=EWSTimeZone("UTC"))
    if command == "list":
        found = {i.subject: i.start.isoformat() for i in account.calendar.all().only("subject", "start")}
    elif command == "make":
        start = dt.datetime.fromisoformat(args[1]).replace(tzinfo=account.default_timezone)
        CalendarItem(folder=account.calendar, subject=args[0], start=start, end=start + dt.timedelta(hours=1)).save(send_meeting_invitations=SEND_TO_NONE)
        found = {}
    elif command == "contact":
        given, surname, email, mobile = args
        Contact(folder=account.contacts, given_name=given, surname=surname, display_name=given + " " + surname, file_as=surname + ", " + given,
                email_addresses=[EmailAddress(label="EmailAddress1", email=email)], phone_numbers=[PhoneNumber(label="MobilePhone", phone_number=mobile)]).save()
        found = {}
    elif command == "send":
        to, subject, html, name = args
        mail = Message(account=account, folder=account.drafts, subject=subject, body=HTMLBody(html), to_recipients=[Mailbox(email_address=to)])
        mail.attach(FileAttachment(name=name, content=sys.stdin.buffer.read()))
        mail.save()
        account.drafts.get(id=mail.id).send()
        found = {}
    else:
        raise ValueError(command)
    json.dump(found, sys.stdout)


main(*sys.argv[1:])
