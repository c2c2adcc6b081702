"""Uses python-caldav as programs do. Prints "ok STEP" or "not ok STEP: REASON" for each step, and "end"."""
import os
from datetime import datetime, timedelta, timezone

import caldav
from caldav.lib import error

UTC = timezone.utc
client = caldav.DAVClient(os.environ["BASE_URL"], username=os.environ["USER_NAME"], password=os.environ["PASSWORD"])
steps = []


def step(do):
    steps.append(do)
    return do


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def titles(found):
    return sorted(str(o.icalendar_component["SUMMARY"]) for o in found)


def starts(found):
    return sorted(o.icalendar_component["DTSTART"].dt.astimezone(UTC).strftime("%d %H:%M") for o in found)


def event(uid, *lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//e2e//EN", "BEGIN:VEVENT", "UID:" + uid,
                        "DTSTAMP:20270101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""])


def todo(uid, *lines):
    return event(uid, *lines).replace("VEVENT", "VTODO")


@step
def discovers():
    global principal, calendar
    principal = client.principal()
    urls = [str(c.url) for c in principal.calendars()]
    assert os.environ["CALENDAR"] in urls, urls
    calendar = client.calendar(url=os.environ["CALENDAR"])
    equal(sorted(calendar.get_supported_components()), ["VEVENT", "VTODO"])
    equal(principal.get_vcal_address().to_ical().decode(), "mailto:" + os.environ["USER_NAME"] + "@example.org")


@step
def saves():
    calendar.save_event(event("single", "DTSTART:20270115T100000Z", "DTEND:20270115T110000Z", "SUMMARY:Grüße 日本", "CATEGORIES:Blue"))
    calendar.save_event(event("series", "DTSTART;TZID=Europe/Berlin:20270301T090000", "DURATION:PT1H", "SUMMARY:Weekly",
                              "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20270308T090000"))
    calendar.save_event(event("allday", "DTSTART;VALUE=DATE:20270120", "SUMMARY:All day"))
    calendar.save_todo(todo("open", "SUMMARY:Open"))
    calendar.save_todo(todo("done", "SUMMARY:Done", "STATUS:COMPLETED", "COMPLETED:20270102T000000Z"))
    equal(len(calendar.events()), 3)
    equal(titles([calendar.event_by_uid("single")]), ["Grüße 日本"])


@step
def searches_a_time_range():
    day = datetime(2027, 1, 15, tzinfo=UTC)
    equal(titles(calendar.search(event=True, start=day, end=day + timedelta(days=1))), ["Grüße 日本"])
    equal(titles(calendar.search(event=True, start=day + timedelta(hours=11), end=day + timedelta(days=1))), [])
    equal(titles(calendar.search(event=True, start=day + timedelta(days=5), end=day + timedelta(days=6))), ["All day"])
    # A series without end goes on for ever; a range may have no end.
    far = datetime(2093, 6, 1, tzinfo=UTC)
    equal(titles(calendar.search(event=True, start=far, end=far + timedelta(days=7))), ["Weekly"])
    equal(titles(calendar.search(event=True, start=far)), ["Weekly"])


@step
def searches_text():
    equal(titles(calendar.search(event=True, category="Blue")), ["Grüße 日本"])
    equal(titles(calendar.search(comp_class=caldav.Event, summary="eekl")), ["Weekly"])
    equal(titles(calendar.search(comp_class=caldav.Event, summary="nowhere")), [])


@step
def expands_across_a_change_of_the_clock():
    found = calendar.search(event=True, start=datetime(2027, 3, 20, tzinfo=UTC), end=datetime(2027, 4, 6, tzinfo=UTC), expand=True)
    # Nine in Berlin is 08:00 UTC until 28 March.
    equal(starts(found), ["05 07:00", "22 08:00", "29 07:00"])
    for o in found:
        assert "RRULE" not in o.icalendar_component and "RECURRENCE-ID" in o.icalendar_component, o.data
    equal(starts(calendar.search(event=True, start=datetime(2027, 3, 1, tzinfo=UTC), end=datetime(2027, 3, 16, tzinfo=UTC), expand=True)), ["01 08:00", "15 08:00"])


@step
def finds_open_tasks():
    equal(titles(calendar.todos()), ["Open"])
    equal(titles(calendar.todos(include_completed=True)), ["Done", "Open"])
    task = calendar.todo_by_uid("open")
    task.complete()
    equal(titles(calendar.todos()), [])


@step
def synchronises():
    mine = calendar.objects(load_objects=True)
    equal(len(list(mine)), 5)
    other = client.calendar(url=os.environ["CALENDAR"])
    changed = other.event_by_uid("single")
    changed.data = changed.data.replace("Grüße", "Grüezi")
    changed.save()
    other.event_by_uid("allday").delete()
    other.save_event(event("new", "DTSTART:20270116T100000Z", "SUMMARY:New"))
    updated, deleted = mine.sync()
    equal(titles(updated), ["Grüezi 日本", "New"])
    equal([str(o.url).rsplit("/", 1)[1] for o in deleted], ["allday.ics"])
    equal([len(part) for part in mine.sync()], [0, 0])


@step
def multigets():
    urls = [o.url for o in calendar.events()] + [calendar.url.join("missing.ics")]
    found = [o for o in calendar.calendar_multiget(urls) if o.data]
    equal(len(found), len(urls) - 1)


@step
def makes_and_deletes_a_calendar():
    made = principal.make_calendar(name="Made by Python", cal_id="python-made", supported_calendar_component_set=["VTODO"])
    equal(made.get_supported_components(), ["VTODO"])
    equal(made.get_properties([caldav.elements.dav.DisplayName()])["{DAV:}displayname"], "Made by Python")
    made.set_properties([caldav.elements.dav.DisplayName("Renamed")])
    equal(principal.calendar(name="Renamed").url, made.url)
    made.save_todo(todo("t", "SUMMARY:In a new list"))
    made.delete()
    assert "python-made" not in " ".join(str(c.url) for c in principal.calendars())


@step
def is_told_what_is_not_there():
    for missing in (lambda: calendar.event_by_uid("nowhere"), lambda: calendar.event_by_url(str(calendar.url) + "nowhere.ics")):
        try:
            missing()
        except error.NotFoundError:
            continue
        raise AssertionError("no NotFoundError")


for do in steps:
    name = do.__name__.replace("_", " ")
    try:
        do()
        print("ok", name)
    except Exception as e:  # the next step may still say something
        print("not ok %s: %s" % (name, " ".join(("%s %s" % (type(e).__name__, e)).split())[:1500]))
print("end")
