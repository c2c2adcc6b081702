package manage

import "slices"

// Acts are the words for what the audit log keeps, sorted. Words of pages stand under "audit.acts" by the same names.
func Acts() []string {
	return []string{
		"account.add", "account.admin", "account.disable", "account.enable", "account.first", "account.join", "account.language",
		"account.no-admin", "account.password", "account.sign-in", "account.sign-out", "account.tie", "account.untie",
		"backup.make", "backup.restore", "backup.restored", "birthdays.off", "birthdays.on",
		"codes.off", "codes.on", "codes.recovery",
		"conflict.settle", "conflict.undo",
		"device.add", "device.revoke", "device.token",
		"duplicate.find", "duplicate.ignore", "duplicate.merge", "duplicate.undo",
		"feed.add", "feed.revoke", "feed.rotate",
		"item.approve", "item.bring", "item.ignore", "item.link", "item.reject", "item.relate", "item.relink", "item.restore", "item.retry", "item.unlink",
		"link.add", "link.allow-many", "link.pause", "link.remove", "link.resume", "link.rules", "link.run", "link.sign-in", "link.sign-out", "link.stop",
		"run.undo",
		"secret.rotate",
	}
}

func isAct(word string) bool { return slices.Contains(Acts(), word) }
