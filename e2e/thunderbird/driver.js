// What a person does in Thunderbird, as functions for the test program; run in chrome context. Every function may be
// called on its own: nothing is kept here between calls.

const load = module => ChromeUtils.importESModule(module);
const {cal} = load("resource:///modules/calendar/calUtils.sys.mjs");
const {CalEvent} = load("resource:///modules/CalEvent.sys.mjs");
const {CalTodo} = load("resource:///modules/CalTodo.sys.mjs");
const {CardDAVDirectory} = load("resource:///modules/CardDAVDirectory.sys.mjs");
const {CardDAVUtils} = load("resource:///modules/CardDAVUtils.sys.mjs");
const {MailServices} = load("resource:///modules/MailServices.sys.mjs");
const {VCardPropertyEntry, VCardUtils} = load("resource:///modules/VCardUtils.sys.mjs");
const {setTimeout} = load("resource://gre/modules/Timer.sys.mjs");

const calendarOf = id => {
  const calendar = cal.manager.getCalendarById(id);
  if (!calendar) {
    throw new Error(`no calendar ${id}`);
  }
  return calendar;
};

// The provider behind the cache, which keeps what the server told it.
const providerOf = id => {
  const outer = calendarOf(id).wrappedJSObject;
  return outer.mUncachedCalendar?.wrappedJSObject ?? outer;
};

const itemOf = async (id, uid) => {
  const item = await calendarOf(id).getItem(uid);
  if (!item) {
    throw new Error(`no item ${uid}`);
  }
  return item;
};

const bookOf = url => {
  for (const directory of MailServices.ab.directories) {
    if (directory.dirType === Ci.nsIAbManager.CARDDAV_DIRECTORY_TYPE && directory.getStringValue("carddav.url", "") === url) {
      return CardDAVDirectory.forFile(directory.fileName);
    }
  }
  throw new Error(`no address book ${url}`);
};

const cardOf = (url, uid) => {
  const card = bookOf(url).childCards.find(c => c.UID === uid);
  if (!card) {
    throw new Error(`no card ${uid}`);
  }
  return card;
};

const occurrencesOf = item => item.recurrenceInfo.getOccurrences(
  cal.createDateTime("20200101T000000Z"), cal.createDateTime("20400101T000000Z"), 0);

// Runs action and answers the windows that open meanwhile: the conflict dialog as choice says ("overwrite" presses its
// first button, anything else Cancel), every other window is cancelled or closed. Returns their names and the failure.
const answering = async (choice, action) => {
  const dialogs = [];
  const answer = win => {
    const name = win.location.href.split("/").pop();
    dialogs.push(name);
    const dialog = win.document.querySelector("dialog");
    if (!dialog) {
      win.close();
    } else if (choice === "overwrite" && name === "calendar-conflicts-dialog.xhtml") {
      dialog.acceptDialog();
    } else {
      dialog.cancelDialog();
    }
  };
  // The buttons work only some time after the window has loaded.
  const observer = {observe: win => win.addEventListener("load", () => setTimeout(() => answer(win), 150), {once: true})};
  Services.obs.addObserver(observer, "domwindowopened");
  try {
    const value = await action();
    return {dialogs, value: value ?? null};
  } catch (error) {
    return {dialogs, error: String(error?.message || error)};
  } finally {
    Services.obs.removeObserver(observer, "domwindowopened");
  }
};

const driver = {
  ready() {
    return Services.wm.getMostRecentWindow("mail:3pane")?.document.readyState === "complete";
  },

  version() {
    return Services.appinfo.version;
  },

  offline(yes) {
    Services.io.offline = yes;
  },

  // Stores the password as "remember" in the prompt does, one entry for each realm.
  async remember(origin, user, password, realms) {
    for (const realm of realms) {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init(origin, null, realm, user, password, "", "");
      await Services.logins.addLoginAsync(login);
    }
  },

  // ---- calendars

  detectCalendars(user, password, location) {
    return answering("cancel", async () => {
      const found = await cal.provider.caldav.detectCalendars(user, password, location, false);
      return found.map(c => ({name: c.name, url: c.uri.spec, colour: c.getProperty("color") ?? "", readOnly: c.readOnly}));
    });
  },

  // The New Calendar dialog asks every provider at once; returns the kind of each URL.
  async detectAsDialog(user, password, location) {
    const found = await cal.provider.detection.detect(user, password, location, false, [], {});
    const kinds = {};
    for (const [provider, calendars] of found.entries()) {
      for (const calendar of calendars) {
        kinds[calendar.uri.spec] = provider.type;
      }
    }
    return kinds;
  },

  async subscribe(user, password, url) {
    const found = await cal.provider.caldav.detectCalendars(user, password, url, false);
    const calendar = found.find(c => c.uri.spec === url);
    if (!calendar) {
      throw new Error(`${url} is not among ${found.map(c => c.uri.spec)}`);
    }
    calendar.setProperty("cache.enabled", true);
    calendar.setProperty("username", user);
    cal.manager.registerCalendar(calendar);
    return calendar.id;
  },

  subscribeFeed(user, url) {
    const calendar = cal.manager.createCalendar("ics", Services.io.newURI(url));
    calendar.id = cal.getUUID();
    calendar.name = "Feed";
    if (user) {
      calendar.setProperty("username", user);
    }
    calendar.readOnly = true;
    cal.manager.registerCalendar(calendar);
    return calendar.id;
  },

  unsubscribe(id) {
    cal.manager.unregisterCalendar(calendarOf(id));
  },

  refresh(id) {
    calendarOf(id).refresh();
  },

  describe(id) {
    const calendar = calendarOf(id);
    const provider = providerOf(id);
    return {
      name: calendar.name,
      colour: calendar.getProperty("color") ?? "",
      readOnly: calendar.readOnly,
      disabled: Boolean(calendar.getProperty("disabled")),
      temporary: Boolean(calendar.getProperty("auto-enabled")),
      syncReport: Boolean(provider.mHasWebdavSyncSupport),
      schedules: Boolean(calendar.getProperty("capabilities.autoschedule.supported")),
    };
  },

  async entries(id) {
    const entries = [];
    const all = calendarOf(id).getItems(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
    for await (const batch of cal.iterate.streamValues(all)) {
      entries.push(...batch.map(item => ({uid: item.id, title: item.title ?? ""})));
    }
    return entries;
  },

  // What the views show of a time, in UTC.
  async shown(id, from, until) {
    const shown = [];
    const filter = Ci.calICalendar.ITEM_FILTER_TYPE_EVENT | Ci.calICalendar.ITEM_FILTER_CLASS_OCCURRENCES;
    const all = calendarOf(id).getItems(filter, 0, cal.createDateTime(from), cal.createDateTime(until));
    for await (const batch of cal.iterate.streamValues(all)) {
      for (const item of batch) {
        const start = item.startDate.isDate ? item.startDate : item.startDate.getInTimezone(cal.dtz.UTC);
        shown.push({title: item.title ?? "", start: start.icalString});
      }
    }
    return shown;
  },

  async item(id, uid) {
    const item = await calendarOf(id).getItem(uid);
    if (!item) {
      return null;
    }
    const start = item.startDate ?? item.entryDate ?? item.dueDate;
    return {
      title: item.title ?? "",
      text: item.icalString,
      location: item.getProperty("LOCATION") ?? "",
      description: item.getProperty("DESCRIPTION") ?? "",
      start: start?.icalString ?? "",
      allDay: Boolean(start?.isDate),
      completed: Boolean(item.isCompleted),
      occurrences: item.recurrenceInfo ? occurrencesOf(item).map(o => ({title: o.title, start: o.startDate.icalString})) : [],
    };
  },

  add(id, kind, text) {
    return answering("cancel", async () => {
      await calendarOf(id).addItem(kind === "VTODO" ? new CalTodo(text) : new CalEvent(text));
    });
  },

  // changes: property name -> value; TITLE and COMPLETED go the way of the dialogs.
  change(id, uid, changes, choice) {
    return answering(choice, async () => {
      const before = await itemOf(id, uid);
      const after = before.clone();
      for (const [name, value] of Object.entries(changes)) {
        if (name === "TITLE") {
          after.title = value;
        } else if (name === "COMPLETED") {
          after.isCompleted = value;
        } else {
          after.setProperty(name, value);
        }
      }
      await calendarOf(id).modifyItem(after, before);
    });
  },

  move(id, uid, start, end) {
    return answering("cancel", async () => {
      const before = await itemOf(id, uid);
      const after = before.clone();
      after.startDate = cal.createDateTime(start);
      after.endDate = cal.createDateTime(end);
      await calendarOf(id).modifyItem(after, before);
    });
  },

  changeOccurrence(id, uid, index, title) {
    return answering("cancel", async () => {
      const before = occurrencesOf(await itemOf(id, uid))[index];
      const after = before.clone();
      after.title = title;
      await calendarOf(id).modifyItem(after, before);
    });
  },

  remove(id, uid, choice) {
    return answering(choice, async () => {
      await calendarOf(id).deleteItem(await itemOf(id, uid));
    });
  },

  forgeToken(id, token) {
    providerOf(id).mWebdavSyncToken = token;
  },

  // ---- address books

  async detectBooks(user, password, location) {
    const found = await CardDAVUtils.detectAddressBooks(user, password, location);
    return found.map(b => ({name: b.name, url: b.url.href}));
  },

  async subscribeBook(user, password, location, url) {
    const found = await CardDAVUtils.detectAddressBooks(user, password, location);
    const book = found.find(b => b.url.href === url);
    if (!book) {
      throw new Error(`${url} is not among ${found.map(b => b.url.href)}`);
    }
    book.create();
  },

  bookIdle(url) {
    return bookOf(url)._syncInProgress === false;
  },

  describeBook(url) {
    const book = bookOf(url);
    return {name: book.dirName, readOnly: book.readOnly, token: book._syncToken ?? ""};
  },

  async syncBook(url) {
    await bookOf(url).syncWithServer();
  },

  async refetchBook(url) {
    await bookOf(url).fetchAllFromServer();
  },

  forgeBookToken(url, token) {
    bookOf(url)._syncToken = token;
  },

  cards(url) {
    return bookOf(url).childCards.map(c => ({
      uid: c.UID, name: c.displayName, email: c.primaryEmail, text: c.getProperty("_vCard", ""),
    }));
  },

  addCard(url, text) {
    bookOf(url).addCard(VCardUtils.vCardToAbCard(text));
  },

  // changes: displayName, primaryEmail
  changeCard(url, uid, changes) {
    const card = cardOf(url, uid);
    Object.assign(card, changes);
    bookOf(url).modifyCard(card);
  },

  // entries: vCard properties to add, each [name, type, value]
  extendCard(url, uid, entries) {
    const card = cardOf(url, uid);
    for (const [name, type, value] of entries) {
      card.vCardProperties.addEntry(new VCardPropertyEntry(name, {}, type, value));
    }
    bookOf(url).modifyCard(card);
  },

  // A card that has no address on the server yet, since the answer to its PUT is still to come, would be removed here and
  // nowhere else: Thunderbird sends nothing then. No person is that quick.
  async removeCard(url, uid) {
    for (let i = 0; i < 400 && !cardOf(url, uid).getProperty("_href", ""); i++) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    bookOf(url).deleteCards([cardOf(url, uid)]);
  },
};
