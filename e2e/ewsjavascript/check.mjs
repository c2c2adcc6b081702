// Uses ews-javascript-api, the port of Microsoft's own client library, as programs do. Prints "ok STEP" or
// "not ok STEP: REASON" for each step, and "end".
import assert from 'node:assert/strict';
import * as ews from 'ews-javascript-api';

const { EWS_URL, USER_NAME, PASSWORD } = process.env;
const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1, ews.TimeZoneInfo.Utc ?? undefined);
service.Url = new ews.Uri(EWS_URL);
service.Credentials = new ews.WebCredentials(USER_NAME, PASSWORD);

const marker = new ews.ExtendedPropertyDefinition(new ews.Guid('a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93'), 'JudgeKey', ews.MapiPropertyType.String);
const all = new ews.PropertySet(ews.BasePropertySet.FirstClassProperties, [marker]);
const at = (text) => new ews.DateTime(text);
const iso = (time) => new Date(time.TotalMilliSeconds).toISOString();
let event;
let folder;
let state = '';

const steps = {
  async 'opens folders'() {
    const inbox = await ews.Folder.Bind(service, ews.WellKnownFolderName.Inbox);
    assert.equal(inbox.DisplayName, 'Inbox');
    const found = await service.FindFolders(ews.WellKnownFolderName.MsgFolderRoot, new ews.FolderView(100));
    assert.ok(found.Folders.some((f) => f.DisplayName === 'Calendar'), found.Folders.map((f) => f.DisplayName).join(' '));
    folder = new ews.CalendarFolder(service);
    folder.DisplayName = 'Projects';
    await folder.Save(ews.WellKnownFolderName.Calendar);
    assert.ok(folder.Id.UniqueId);
  },
  async 'creates'() {
    event = new ews.Appointment(service);
    event.Subject = 'Plan äöü 🎉';
    event.Body = new ews.MessageBody(ews.BodyType.Text, 'first');
    event.Start = at('2026-03-27T10:00:00Z');
    event.End = at('2026-03-27T11:00:00Z');
    event.Location = 'Room 1';
    event.Categories = new ews.StringList(['Red', 'Blue']);
    event.SetExtendedProperty(marker, 'k-1');
    await event.Save(ews.WellKnownFolderName.Calendar, ews.SendInvitationsMode.SendToNone);
    const read = await ews.Appointment.Bind(service, event.Id, all);
    assert.equal(read.Subject, 'Plan äöü 🎉');
    assert.equal(iso(read.Start), '2026-03-27T10:00:00.000Z');
    assert.equal(read.Location, 'Room 1');
    assert.equal(read.AppointmentType, ews.AppointmentType.Single);
    assert.equal(read.ExtendedProperties.Items[0].Value, 'k-1');
  },
  async 'synchronises'() {
    const changes = await service.SyncFolderItems(new ews.FolderId(ews.WellKnownFolderName.Calendar), ews.PropertySet.IdOnly, null, 512,
      ews.SyncFolderItemsScope.NormalItems, null);
    assert.equal(changes.Count, 1);
    state = changes.SyncState;
  },
  async 'changes'() {
    event = await ews.Appointment.Bind(service, event.Id, all);
    event.Subject = 'Plan B';
    event.Start = at('2026-03-27T12:00:00Z');
    event.End = at('2026-03-27T13:00:00Z');
    await event.Update(ews.ConflictResolutionMode.NeverOverwrite, ews.SendInvitationsOrCancellationsMode.SendToNone);
    const changes = await service.SyncFolderItems(new ews.FolderId(ews.WellKnownFolderName.Calendar), ews.PropertySet.IdOnly, null, 512,
      ews.SyncFolderItemsScope.NormalItems, state);
    assert.equal(changes.Count, 1);
    assert.equal(changes._getItem(0).ChangeType, ews.ChangeType.Update);
    state = changes.SyncState;
    const late = await ews.Appointment.Bind(service, event.Id, all);
    event.Location = 'Room 2';
    await event.Update(ews.ConflictResolutionMode.NeverOverwrite, ews.SendInvitationsOrCancellationsMode.SendToNone);
    late.Location = 'Room 3';
    await assert.rejects(late.Update(ews.ConflictResolutionMode.NeverOverwrite, ews.SendInvitationsOrCancellationsMode.SendToNone),
      (error) => error.ErrorCode === ews.ServiceError.ErrorIrresolvableConflict);
  },
  async 'finds'() {
    const filter = new ews.SearchFilter.IsEqualTo(marker, 'k-1');
    const found = await service.FindItems(ews.WellKnownFolderName.Calendar, filter, new ews.ItemView(10));
    assert.equal(found.TotalCount, 1);
    assert.equal(found.Items[0].Subject, 'Plan B');
    const none = await service.FindItems(ews.WellKnownFolderName.Calendar, new ews.SearchFilter.IsEqualTo(marker, 'k-2'), new ews.ItemView(10));
    assert.equal(none.TotalCount, 0);
  },
  async 'moves'() {
    event = await ews.Appointment.Bind(service, event.Id, all);
    const before = event.Id.UniqueId;
    const moved = await event.Move(folder.Id);
    assert.notEqual(moved.Id.UniqueId, before);
    const read = await ews.Appointment.Bind(service, moved.Id, all);
    assert.equal(read.ExtendedProperties.Items[0].Value, 'k-1');
    await read.Delete(ews.DeleteMode.HardDelete, ews.SendCancellationsMode.SendToNone);
    await assert.rejects(ews.Appointment.Bind(service, moved.Id, all), (error) => error.ErrorCode === ews.ServiceError.ErrorItemNotFound);
  },
  async 'keeps series'() {
    const master = new ews.Appointment(service);
    master.Subject = 'Weekly';
    master.Start = at('2026-03-16T09:00:00Z');
    master.End = at('2026-03-16T10:00:00Z');
    master.Recurrence = new ews.Recurrence.WeeklyPattern(at('2026-03-16T09:00:00Z'), 1, [ews.DayOfTheWeek.Monday]);
    master.Recurrence.NumberOfOccurrences = 4;
    await master.Save(ews.WellKnownFolderName.Calendar, ews.SendInvitationsMode.SendToNone);
    const second = await ews.Appointment.BindToOccurrence(service, master.Id, 2, all);
    assert.equal(iso(second.Start), '2026-03-23T09:00:00.000Z');
    second.Subject = 'Moved';
    second.Start = at('2026-03-24T12:00:00Z');
    second.End = at('2026-03-24T13:00:00Z');
    await second.Update(ews.ConflictResolutionMode.NeverOverwrite, ews.SendInvitationsOrCancellationsMode.SendToNone);
    const third = await ews.Appointment.BindToOccurrence(service, master.Id, 3, all);
    await third.Delete(ews.DeleteMode.HardDelete, ews.SendCancellationsMode.SendToNone);
    const read = await ews.Appointment.BindToRecurringMaster(service, second.Id, all);
    assert.equal(read.AppointmentType, ews.AppointmentType.RecurringMaster);
    assert.equal(read.ModifiedOccurrences.Count, 1);
    assert.equal(read.DeletedOccurrences.Count, 1);
    const view = await service.FindAppointments(ews.WellKnownFolderName.Calendar,
      new ews.CalendarView(at('2026-03-01T00:00:00Z'), at('2026-05-01T00:00:00Z')));
    assert.deepEqual(view.Items.map((i) => `${i.Subject} ${iso(i.Start)}`),
      ['Weekly 2026-03-16T09:00:00.000Z', 'Moved 2026-03-24T12:00:00.000Z', 'Weekly 2026-04-06T09:00:00.000Z']);
    await read.Delete(ews.DeleteMode.MoveToDeletedItems, ews.SendCancellationsMode.SendToNone);
  },
  async 'keeps contacts'() {
    const contact = new ews.Contact(service);
    contact.GivenName = 'Carla';
    contact.Surname = 'Muster';
    contact.EmailAddresses._setItem(ews.EmailAddressKey.EmailAddress1, new ews.EmailAddress('carla@example.org'));
    contact.PhoneNumbers._setItem(ews.PhoneNumberKey.MobilePhone, '+43 664 1');
    await contact.Save(ews.WellKnownFolderName.Contacts);
    const read = await ews.Contact.Bind(service, contact.Id);
    assert.equal(read.GivenName, 'Carla');
    assert.equal(read.EmailAddresses._getItem(ews.EmailAddressKey.EmailAddress1).Address, 'carla@example.org');
    assert.equal(read.PhoneNumbers._getItem(ews.PhoneNumberKey.MobilePhone), '+43 664 1');
    assert.equal(read.FileAs, 'Muster, Carla');
    read.JobTitle = 'Head';
    await read.Update(ews.ConflictResolutionMode.NeverOverwrite);
    assert.equal((await ews.Contact.Bind(service, contact.Id)).JobTitle, 'Head');
  },
  async 'keeps tasks'() {
    const task = new ews.Task(service);
    task.Subject = 'Call';
    task.DueDate = at('2026-05-04T00:00:00Z');
    task.PercentComplete = 25;
    await task.Save(ews.WellKnownFolderName.Tasks);
    const read = await ews.Task.Bind(service, task.Id);
    assert.equal(read.Status, ews.TaskStatus.InProgress);
    assert.equal(read.PercentComplete, 25);
    read.Status = ews.TaskStatus.Completed;
    await read.Update(ews.ConflictResolutionMode.NeverOverwrite);
    assert.equal((await ews.Task.Bind(service, task.Id)).IsComplete, true);
    await read.Delete(ews.DeleteMode.HardDelete);
  },
  async 'sends mail with a file'() {
    const mail = new ews.EmailMessage(service);
    mail.Subject = 'Hello';
    // The library does not escape bodies.
    mail.Body = new ews.MessageBody(ews.BodyType.HTML, '&lt;p&gt;Dear &lt;b&gt;Ann&lt;/b&gt;&lt;/p&gt;');
    mail.ToRecipients.Add(USER_NAME);
    mail.Attachments.AddFileAttachment('notes.txt', Buffer.from('some notes').toString('base64'));
    await mail.SendAndSaveCopy();
    const found = await service.FindItems(ews.WellKnownFolderName.Inbox, new ews.ItemView(10));
    assert.equal(found.Items[0].Subject, 'Hello');
    const read = await ews.EmailMessage.Bind(service, found.Items[0].Id);
    assert.ok(read.Body.Text.includes('<b>Ann</b>'), read.Body.Text);
    assert.equal(read.HasAttachments, true);
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${String(error.message ?? error).replaceAll('\n', ' ')}`);
    if (process.env.TRACE) console.error(error);
  }
}
console.log('end');
