"""What GNOME's programs ask of evolution-data-server, as functions for the test program.

Reads one call a line from standard input, {"call": name, "args": [...]}, and writes one answer a line,
{"value": ...} or {"error": text}. Runs under dbus-run-session with a home directory of its own.
"""

import calendar
import json
import shutil
import subprocess
import sys
import time
import urllib.parse

import gi

for library, version in (
    ("EDataServer", "1.2"),
    ("ECal", "2.0"),
    ("EBook", "1.2"),
    ("EBookContacts", "1.2"),
    ("ICalGLib", "3.0"),
):
    gi.require_version(library, version)
from gi.repository import EBook, EBookContacts, ECal, EDataServer, GLib, ICalGLib  # noqa: E402

DO_NOT_WAIT = 0xFFFFFFFF  # for connect_sync: do not wait for the backend to say that it is online
VCARD_3 = getattr(EBookContacts.VCardFormat, "30")
EXTENSION = {"events": "Calendar", "tasks": "Task List", "contacts": "Address Book"}


def pump(seconds):
    """Lets pending notifications of the services arrive."""
    context = GLib.MainContext.default()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not context.iteration(False):
            time.sleep(0.005)


def wait_for(what, probe, seconds=30):
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError("waited in vain for " + what)
        pump(0.05)


class Driver:
    def __init__(self):
        self.registry = None
        self.user = self.password = ""
        self.clients = {}

    # ---- accounts and sources

    def sign_in(self, user, password):
        self.user, self.password = user, password
        if shutil.which("gnome-keyring-daemon"):
            # A locked keyring would ask for its password, on no screen, for ever.
            subprocess.run(
                ["gnome-keyring-daemon", "--unlock", "--components=secrets"],
                input=b"e2e", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=False,
            )
        self.registry = EDataServer.SourceRegistry.new_sync(None)

    def _credentials(self):
        parameters = EDataServer.NamedParameters.new()
        parameters.set("username", self.user)
        parameters.set("password", self.password)
        return parameters

    def _address(self, source, url):
        """Writes host, login and path into a source."""
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme == "https"
        authentication = source.get_extension("Authentication")
        authentication.set_host(parts.hostname)
        authentication.set_port(parts.port or (443 if secure else 80))
        authentication.set_user(self.user)
        authentication.set_method("plain/password")
        source.get_extension("Security").set_method("tls" if secure else "none")
        source.get_extension("WebDAV Backend").set_resource_path(parts.path)

    def _source(self, kind, url):
        backend = "carddav" if kind == "contacts" else "caldav"
        source = EDataServer.Source.new(None, None)
        source.set_display_name("test " + kind)
        source.set_parent(backend + "-stub")
        source.get_extension(EXTENSION[kind]).set_backend_name(backend)
        self._address(source, url)
        source.get_extension("Offline").set_stay_synchronized(True)
        source.get_extension("Refresh").set_enabled(False)
        return source

    def discover(self, kind, url):
        flags = EDataServer.WebDAVDiscoverSupports
        wanted = {"contacts": flags.CONTACTS, "events": flags.EVENTS, "tasks": flags.TASKS}[kind]
        answer = EDataServer.webdav_discover_sources_sync(self._source(kind, url), url, int(wanted), self._credentials(), None)
        return {
            "found": [{"name": s.display_name, "url": urllib.parse.urljoin(url, s.href), "colour": s.color or ""} for s in answer[3] or []],
            "addresses": list(answer[4] or []),
        }

    def _register(self, source):
        self.registry.create_sources_sync([source], None)
        return wait_for("the source", lambda: self.registry.ref_source(source.get_uid()))

    def _sign_on(self, source):
        """Gives the password, again when the backend has asked for it only afterwards."""
        connected = EDataServer.SourceConnectionStatus.CONNECTED
        statuses = []
        for _ in range(15):
            source.invoke_authenticate_sync(self._credentials(), None)
            try:
                wait_for("the connection", lambda: source.get_connection_status() == connected, 2)
                return
            except TimeoutError:
                statuses.append(source.get_connection_status().value_nick)
        raise TimeoutError("no connection, but: " + ", ".join(statuses))

    def _connect(self, kind, source):
        """Opens a source, once the service that keeps it has heard of it, too."""
        types = ECal.ClientSourceType

        def client():
            try:
                if kind == "contacts":
                    return EBook.BookClient.connect_sync(source, DO_NOT_WAIT, None)
                return ECal.Client.connect_sync(source, types.EVENTS if kind == "events" else types.TASKS, DO_NOT_WAIT, None)
            except GLib.Error as error:
                if "No such source" in error.message:
                    return None
                raise

        return wait_for("the service to know the source", client)

    def open(self, kind, url):
        source = self._register(self._source(kind, url))
        client = self._connect(kind, source)
        self._sign_on(source)
        handle = source.get_uid()
        self.clients[handle] = client
        return {"handle": handle, "readOnly": client.is_readonly()}

    def open_feed(self, url):
        """Subscribes to a webcal: address, which needs no login."""
        parts = urllib.parse.urlsplit(url)
        source = EDataServer.Source.new(None, None)
        source.set_display_name("test feed")
        source.set_parent("webcal-stub")
        source.get_extension("Calendar").set_backend_name("webcal")
        authentication = source.get_extension("Authentication")
        authentication.set_host(parts.hostname)
        authentication.set_port(parts.port or 80)
        source.get_extension("Security").set_method("none")
        source.get_extension("WebDAV Backend").set_resource_path(parts.path)
        source.get_extension("Offline").set_stay_synchronized(True)
        source.get_extension("Refresh").set_enabled(False)
        source = self._register(source)
        client = self._connect("events", source)
        handle = source.get_uid()
        self.clients[handle] = client
        return {"handle": handle, "readOnly": client.is_readonly()}

    def account(self, url):
        """Adds an account as GNOME's settings do and returns the sources that it brought."""
        source = EDataServer.Source.new(None, None)
        source.set_display_name("test account")
        collection = source.get_extension("Collection")
        collection.set_backend_name("webdav")
        collection.set_identity(self.user)
        collection.set_calendar_enabled(True)
        collection.set_contacts_enabled(True)
        collection.set_calendar_url(url)
        collection.set_contacts_url(url)
        self._address(source, url)
        account = self._register(source)
        account.invoke_authenticate_sync(self._credentials(), None)

        def children():
            return [s for s in self.registry.list_sources(None) if s.get_parent() == account.get_uid()]

        # They come one after the other.
        wait_for("the account's sources", children)
        count, quiet = -1, time.monotonic()
        while time.monotonic() - quiet < 2:
            if len(children()) != count:
                count, quiet = len(children()), time.monotonic()
            pump(0.1)
        return [
            {
                "name": s.get_display_name(),
                "path": s.get_extension("WebDAV Backend").get_resource_path(),
                "kinds": [kind for kind, extension in EXTENSION.items() if s.has_extension(extension)],
            }
            for s in children()
        ]

    # ---- events and tasks

    def refresh(self, handle):
        self.clients[handle].refresh_sync(None)

    def _component(self, handle, uid):
        try:
            return self.clients[handle].get_object_sync(uid, None, None)[1]
        except GLib.Error as error:
            if error.matches(ECal.Client.error_quark(), ECal.ClientError.OBJECT_NOT_FOUND) or "not found" in error.message.lower():
                return None
            raise

    def entries(self, handle):
        found = self.clients[handle].get_object_list_sync("#t", None)[1]
        return [{"uid": c.get_uid(), "title": c.get_summary() or ""} for c in found]

    def item(self, handle, uid):
        component = self._component(handle, uid)
        if component is None:
            return None
        return {"title": component.get_summary() or "", "text": component.as_ical_string()}

    def shown(self, handle, start, until):
        """Every occurrence that overlaps the time, as the views ask for them."""
        client = self.clients[handle]
        utc = ICalGLib.Timezone.get_utc_timezone()
        found = []

        def add(component, begin, *_):
            if not begin.is_date():
                begin = begin.convert_to_zone(utc)
            found.append({"title": component.get_summary() or "", "start": begin.as_ical_string()})
            return True

        seconds = [calendar.timegm(time.strptime(day, "%Y-%m-%d")) for day in (start, until)]
        client.generate_instances_sync(seconds[0], seconds[1], None, add)
        return found

    def create(self, handle, text):
        self.clients[handle].create_object_sync(ICalGLib.Component.new_from_string(text), ECal.OperationFlags.NONE, None)

    def change(self, handle, uid, title, conflict):
        component = self._component(handle, uid)
        component.set_summary(title)
        flags = getattr(ECal.OperationFlags, conflict)
        self.clients[handle].modify_object_sync(component, ECal.ObjModType.ALL, flags, None)

    def complete(self, handle, uid):
        component = self._component(handle, uid)
        component.set_status(ICalGLib.PropertyStatus.COMPLETED)
        self.clients[handle].modify_object_sync(component, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    def change_occurrence(self, handle, uid, when, title, start, end):
        occurrence = ICalGLib.Component.new_from_string(self._component(handle, uid).as_ical_string())
        rule = occurrence.get_first_property(ICalGLib.PropertyKind.RRULE_PROPERTY)
        if rule:
            occurrence.remove_property(rule)
        occurrence.set_recurrenceid(ICalGLib.Time.new_from_string(when))
        occurrence.set_summary(title)
        occurrence.set_dtstart(ICalGLib.Time.new_from_string(start))
        occurrence.set_dtend(ICalGLib.Time.new_from_string(end))
        self.clients[handle].modify_object_sync(occurrence, ECal.ObjModType.THIS, ECal.OperationFlags.NONE, None)

    def remove(self, handle, uid):
        self.clients[handle].remove_object_sync(uid, None, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    # ---- contacts

    def _contacts(self, handle):
        return self.clients[handle].get_contacts_sync('(contains "x-evolution-any-field" "")', None)[1]

    def _contact(self, handle, name):
        for contact in self._contacts(handle):
            if contact.get_property("full-name") == name:
                return contact
        raise LookupError("no contact " + name)

    def cards(self, handle):
        return [
            {"name": c.get_property("full-name") or "", "text": c.to_string(VCARD_3)}
            for c in self._contacts(handle)
        ]

    def add_card(self, handle, text):
        self.clients[handle].add_contact_sync(EBookContacts.Contact.new_from_vcard(text), 0, None)

    def change_card(self, handle, name, field, value):
        contact = self._contact(handle, name)
        contact.set_property(field, value)
        self.clients[handle].modify_contact_sync(contact, 0, None)

    def remove_card(self, handle, name):
        self.clients[handle].remove_contact_sync(self._contact(handle, name), 0, None)


def main():
    driver = Driver()
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"value": getattr(driver, call["call"])(*call["args"])}
        except GLib.Error as error:
            answer = {"error": error.message}
        except Exception as error:  # noqa: BLE001: the test program decides what it means
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        pump(0.02)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
