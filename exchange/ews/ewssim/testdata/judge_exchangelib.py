"""Drives a server with exchangelib through the life of items; any wrong answer ends it with a traceback."""
import datetime as dt
import decimal
import sys
import warnings

warnings.simplefilter("ignore")

from exchangelib import (Account, Attendee, BASIC, CalendarItem, Configuration, Contact, Credentials, DELEGATE, EWSDate, EWSDateTime,
                         EWSTimeZone, FileAttachment, HTMLBody, IMPERSONATION, Mailbox, Message, Task)
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.folders import Calendar
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import MeetingRequest, SEND_ONLY_TO_ALL, SEND_TO_NONE
from exchangelib.recurrence import Recurrence, WeeklyPattern
from exchangelib.services import GetStreamingEvents


class Marker(ExtendedProperty):
    property_set_id = "a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93"
    property_name = "JudgeKey"
    property_type = "String"


CalendarItem.register("marker", Marker)
Contact.register("marker", Marker)


def check(got, want, what):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def main(url, user, password):
    config = Configuration(service_endpoint=url, credentials=Credentials(user, password), auth_type=BASIC, max_connections=4)
    account = Account(user, config=config, autodiscover=False, access_type=DELEGATE, default_timezone=EWSTimeZone("Europe/Berlin"))
    zone = account.default_timezone

    # Folders.
    names = [f.name for f in account.msg_folder_root.walk()]
    for name in ("Calendar", "Contacts", "Tasks", "Inbox", "Deleted Items"):
        assert name in names, names
    sub = Calendar(parent=account.calendar, name="Projects")
    sub.save()
    check(sub.folder_class, "IPF.Appointment", "class of a new folder") if sub.folder_class else None

    # An appointment: made, read, changed, found, moved, removed.
    start = dt.datetime(2026, 3, 27, 10, 0, tzinfo=zone)
    item = CalendarItem(folder=account.calendar, subject="Plan äöü 🎉", body="first\nsecond", start=start, end=start + dt.timedelta(hours=1),
                        location="Room 1", categories=["Red", "Blue"], marker="k-1", reminder_minutes_before_start=30)
    item.save(send_meeting_invitations=SEND_TO_NONE)
    first = item.id
    again = account.calendar.get(id=item.id, changekey=item.changekey)
    check(again.subject, "Plan äöü 🎉", "subject")
    check(again.start, start, "start")
    check(again.type, "Single", "type")
    check(sorted(again.categories), ["Blue", "Red"], "categories")
    check(again.marker, "k-1", "marker")
    check(again.reminder_minutes_before_start, 30, "reminder")
    check(again.body.replace("\r", ""), "first\nsecond", "body")
    check(str(again._start_timezone), "Europe/Berlin", "zone")
    again.subject = "Plan B"
    again.start = start + dt.timedelta(hours=2)
    again.end = start + dt.timedelta(hours=3)
    again.save(update_fields=["subject", "start", "end"], send_meeting_invitations=SEND_TO_NONE)
    check(list(account.calendar.filter(marker="k-1").values_list("subject", flat=True)), ["Plan B"], "found by the marker")
    check(account.calendar.filter(marker="k-2").count(), 0, "found by another marker")
    check(account.calendar.filter(subject__icontains="plan", start__gte=start).count(), 1, "found by words")
    again.refresh()
    again.move(sub)
    assert again.id != first, "a moved item keeps its id"
    check([i.marker for i in sub.all()], ["k-1"], "marker after the move")
    check(account.calendar.all().count(), 0, "left behind")
    gone = again.id
    again.delete(send_meeting_cancellations=SEND_TO_NONE)
    check(sub.all().count(), 0, "after deletion")
    assert gone

    # A series across the change to summer time, an exception, a deleted occurrence, a view.
    master = CalendarItem(folder=account.calendar, subject="Weekly", start=dt.datetime(2026, 3, 16, 9, 0, tzinfo=zone),
                          end=dt.datetime(2026, 3, 16, 9, 30, tzinfo=zone),
                          recurrence=Recurrence(pattern=WeeklyPattern(interval=1, weekdays=["Monday"]), start=EWSDate(2026, 3, 16), number=4))
    master.save(send_meeting_invitations=SEND_TO_NONE)
    master = account.calendar.get(id=master.id, changekey=master.changekey)
    check(master.type, "RecurringMaster", "type of a master")
    check(master.recurrence.boundary.number, 4, "number")
    check(master.recurrence.boundary.start, EWSDate(2026, 3, 16), "start of the range")
    occ = master.occurrence(2)
    occ.refresh()
    check(occ.start, EWSDateTime(2026, 3, 23, 9, 0, tzinfo=zone), "second occurrence")
    occ.start = dt.datetime(2026, 3, 24, 11, 0, tzinfo=zone)
    occ.end = dt.datetime(2026, 3, 24, 11, 30, tzinfo=zone)
    occ.subject = "Moved"
    occ.save(update_fields=["subject", "start", "end"], send_meeting_invitations=SEND_TO_NONE)
    third = master.occurrence(3)
    third.refresh()
    third.delete(send_meeting_cancellations=SEND_TO_NONE)
    master.refresh()
    check([o.original_start for o in master.modified_occurrences], [EWSDateTime(2026, 3, 23, 9, 0, tzinfo=zone)], "exceptions")
    check([o.start for o in master.deleted_occurrences], [EWSDateTime(2026, 3, 30, 9, 0, tzinfo=zone)], "deleted")
    view = account.calendar.view(start=dt.datetime(2026, 3, 1, tzinfo=zone), end=dt.datetime(2026, 5, 1, tzinfo=zone))
    check([(i.subject, i.start.astimezone(zone).strftime("%m-%d %H:%M"), i.type) for i in view],
          [("Weekly", "03-16 09:00", "Occurrence"), ("Moved", "03-24 11:00", "Exception"), ("Weekly", "04-06 09:00", "Occurrence")], "view")
    master.delete(send_meeting_cancellations=SEND_TO_NONE)

    # A whole day.
    day = CalendarItem(folder=account.calendar, subject="Off", start=EWSDate(2026, 4, 1), end=EWSDate(2026, 4, 2), is_all_day=True)
    day.save(send_meeting_invitations=SEND_TO_NONE)
    day = account.calendar.get(id=day.id, changekey=day.changekey)
    check((day.is_all_day, day.start, day.end), (True, EWSDate(2026, 4, 1), EWSDate(2026, 4, 2)), "whole days")

    # Contacts with dictionaries and a picture.
    contact = Contact(folder=account.contacts, display_name="Carla Muster", given_name="Carla", surname="Muster", company_name="Example AG", job_title="Head",
                      email_addresses=[EmailAddress(email="carla@example.org", label="EmailAddress1")],
                      phone_numbers=[PhoneNumber(label="BusinessPhone", phone_number="+43 1 234"), PhoneNumber(label="MobilePhone", phone_number="+43 664 1")],
                      physical_addresses=[PhysicalAddress(label="Business", street="Hauptplatz 1", city="Graz", zipcode="8010", country="Austria")],
                      birthday=dt.date(1980, 2, 29), marker="c-1")
    contact.save()
    contact.attach(FileAttachment(name="ContactPicture.jpg", content=b"\xff\xd8\xff\xe0picture", is_contact_photo=True))
    contact = account.contacts.get(id=contact.id)
    check(contact.has_picture, True, "picture")
    check({e.label: e.email for e in contact.email_addresses}, {"EmailAddress1": "carla@example.org"}, "addresses")
    check(sorted((p.label, p.phone_number) for p in contact.phone_numbers if p.phone_number),
          [("BusinessPhone", "+43 1 234"), ("MobilePhone", "+43 664 1")], "phones")
    check(contact.physical_addresses[0].city, "Graz", "city")
    check(contact.birthday.strftime("%Y-%m-%d"), "1980-02-29", "birthday")
    contact.job_title = None
    contact.phone_numbers = [PhoneNumber(label="MobilePhone", phone_number="+43 664 2")]
    contact.save(update_fields=["job_title", "phone_numbers"])
    contact = account.contacts.get(id=contact.id)
    check(contact.job_title, None, "deleted title")
    check([p.phone_number for p in contact.phone_numbers if p.phone_number], ["+43 664 2"], "changed phones")

    # Tasks.
    task = Task(folder=account.tasks, subject="Call", due_date=EWSDate(2026, 5, 4), start_date=EWSDate(2026, 5, 1), percent_complete=decimal.Decimal(25), status="InProgress")
    task.save()
    task = account.tasks.get(id=task.id)
    check((task.status, float(task.percent_complete), task.due_date), ("InProgress", 25.0, EWSDate(2026, 5, 4)), "task")
    task.complete()
    task = account.tasks.get(id=task.id)
    check((task.status, task.is_complete), ("Completed", True), "completed task")
    task.delete(affected_task_occurrences="AllOccurrences")

    # Messages with an attachment.
    mail = Message(folder=account.drafts, subject="Hello", body=HTMLBody("<p>Dear <b>Bob</b></p>"), to_recipients=[Mailbox(email_address="bob@example.org")])
    mail.attach(FileAttachment(name="notes.txt", content=b"some notes"))
    mail.save()
    mail = account.drafts.get(id=mail.id)
    check([a.content for a in mail.attachments], [b"some notes"], "attachment")
    mail.send()
    check(list(account.sent.all().values_list("subject", flat=True)), ["Hello"], "sent")

    # A message that arrived, with a category, a file and a message that hang on it.
    came = list(account.inbox.filter(categories__contains=["CRM"], datetime_received__gte=dt.datetime(2026, 3, 1, tzinfo=zone),
                                     datetime_received__lt=dt.datetime(2026, 3, 2, tzinfo=zone)).order_by("-datetime_received"))
    check([m.message_id for m in came], ["<offer@example.org>"], "found by category and time")
    came = account.inbox.get(id=came[0].id, changekey=came[0].changekey)
    check((came.sender.email_address, [r.email_address for r in came.to_recipients], came.is_read), ("cid@example.org", ["ann@example.org", "bob@example.org"], False), "people")
    file, inner = sorted(came.attachments, key=lambda a: not isinstance(a, FileAttachment))
    with file.fp as stream:
        check(b"".join(iter(lambda: stream.read(7), b"")), bytes(range(256)) * 4, "file, read as a stream")
    check(file.name, "ä.bin", "name of the file")
    check((inner.item.subject, inner.item.text_body or inner.item.body), ("Inner", "deep"), "message that hangs on it")
    import email
    whole = email.message_from_bytes(came.mime_content)
    check([p.get_content_type() for p in whole.walk()], ["multipart/mixed", "text/html", "application/octet-stream", "message/rfc822", "text/plain"], "MIME form")
    check(whole.get_payload()[1].get_payload(decode=True), bytes(range(256)) * 4, "file in the MIME form")
    list(account.inbox.sync_items())
    list(account.junk.sync_items())
    old = came.id
    came.move(account.junk)
    check([(c, getattr(i, "id", None)) for c, i in account.inbox.sync_items()], [("delete", old)], "left behind by a move")
    there = [(c, i.id) for c, i in account.junk.sync_items()]
    check([c for c, _ in there], ["create"], "come by a move")
    assert there[0][1] != old, "a moved message keeps its id"

    # Files of an appointment and of a task: the change key is another one after each.
    visit = CalendarItem(folder=account.calendar, subject="Visit", start=start, end=start + dt.timedelta(hours=1))
    visit.save(send_meeting_invitations=SEND_TO_NONE)
    for holder in (visit, Task(folder=account.tasks, subject="Call").save()):
        before = holder.changekey
        holder.attach(FileAttachment(name="a.bin", content=b"\x00\xff"))
        after = holder.folder.get(id=holder.id)
        check([a.content for a in after.attachments], [b"\x00\xff"], "attached")
        assert after.changekey != before and after.has_attachments, "the change key is as before"
        after.detach(after.attachments[0])
        check(holder.folder.get(id=holder.id).attachments, [], "detached")
    visit = account.calendar.get(id=visit.id)
    visit.delete(send_meeting_cancellations=SEND_TO_NONE)
    account.tasks.all().delete(affected_task_occurrences="AllOccurrences")

    # Synchronisation: everything once, then only what changed.
    changes = list(account.calendar.sync_items())
    check([c for c, _ in changes], ["create"], "first synchronisation")
    day.subject = "Still off"
    day.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    changes = list(account.calendar.sync_items())
    check([(c, i.subject) for c, i in changes], [("update", "Still off")], "second synchronisation")
    day.delete(send_meeting_cancellations=SEND_TO_NONE)
    changes = list(account.calendar.sync_items())
    check([c for c, _ in changes], ["delete"], "third synchronisation")
    top = account.msg_folder_root
    known = {f.id: f.name for c, f in top.sync_hierarchy()}
    check((len(known) > 10, set(known) == {f.id for f in top.walk()}), (True, True), "hierarchy, by pages")
    more = Calendar(parent=account.calendar, name="Followed")
    more.save()
    check([(c, f.name) for c, f in top.sync_hierarchy()], [("create", "Followed")], "a folder that was made")
    more.name = "Followed on"
    more.save(update_fields=["name"])
    check([(c, f.name) for c, f in top.sync_hierarchy()], [("update", "Followed on")], "another name")
    more.delete()
    check([c for c, _ in top.sync_hierarchy()], ["delete"], "a folder that went")
    check(list(top.sync_hierarchy()), [], "no more of it")

    # A meeting: the other side gets it, and answers.
    meeting = CalendarItem(folder=account.calendar, subject="Together", start=start, end=start + dt.timedelta(hours=1),
                           required_attendees=[Attendee(mailbox=Mailbox(email_address="bob@example.org"), response_type="Unknown")])
    meeting.save(send_meeting_invitations=SEND_ONLY_TO_ALL)
    bob = Account("bob@example.org", config=Configuration(service_endpoint=url, credentials=Credentials("bob@example.org", "bob-secret"), auth_type=BASIC),
                  autodiscover=False, access_type=DELEGATE)
    request = [m for m in bob.inbox.all() if isinstance(m, MeetingRequest)][0]
    check(request.subject, "Together", "invitation")
    request.accept()
    meeting = account.calendar.get(id=meeting.id)
    check(meeting.required_attendees[0].response_type, "Accept", "answer")
    check(bob.calendar.all().get().my_response_type, "Accept", "attendee's copy")

    # A meeting that is declined is gone from the calendar, and what was answered is among what was sent.
    other = CalendarItem(folder=account.calendar, subject="Other", start=start, end=start + dt.timedelta(hours=1),
                         required_attendees=[Attendee(mailbox=Mailbox(email_address="bob@example.org"), response_type="Unknown")])
    other.save(send_meeting_invitations=SEND_ONLY_TO_ALL)
    [m for m in bob.inbox.filter(subject="Other") if isinstance(m, MeetingRequest)][0].decline()
    check(bob.calendar.filter(subject="Other").count(), 0, "declined meeting")
    check(list(bob.sent.all().values_list("subject", flat=True)).count("Declined: Other"), 1, "copy of the answer")
    other = account.calendar.get(id=other.id)
    check(other.required_attendees[0].response_type, "Decline", "answer")
    other.delete(send_meeting_cancellations=SEND_TO_NONE)

    # Impersonation by a service account.
    service = Account("ann@example.org", config=Configuration(service_endpoint=url, credentials=Credentials("svc", "svc-secret"), auth_type=BASIC),
                      autodiscover=False, access_type=IMPERSONATION)
    check(service.calendar.all().count(), 1, "items seen by the service account")

    # Notifications.
    with account.calendar.streaming_subscription() as subscription:
        stream = account.calendar.get_streaming_events(subscription, connection_timeout=1, max_notifications_returned=1)
        made = CalendarItem(folder=account.calendar, subject="News", start=start, end=start)
        import threading
        threading.Timer(0.5, lambda: made.save(send_meeting_invitations=SEND_TO_NONE)).start()
        notification = next(iter(stream))
        assert notification.events[0].ELEMENT_NAME in ("CreatedEvent", "ModifiedEvent"), notification
    sub.delete()
    print("done")


main(*sys.argv[1:4])
