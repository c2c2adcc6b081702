"""What a person does in a mailbox, by exchangelib: list the subjects of a calendar, make an appointment, move one."""
import datetime as dt
import json
import sys
import warnings

warnings.simplefilter("ignore")

from exchangelib import Account, BASIC, CalendarItem, Configuration, Credentials, DELEGATE, EWSTimeZone
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
    else:
        raise ValueError(command)
    json.dump(found, sys.stdout)


main(*sys.argv[1:])
