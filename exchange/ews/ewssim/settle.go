package ewssim

import (
	"strconv"
	"time"
)

// settle brings a draft to the state that the product would store: defaults, and what follows from what.
func (c *call) settle(d *draft, old view) error {
	d.setDefault("Sensitivity", "Normal")
	d.setDefault("Importance", "Normal")
	d.setDefault("Culture", "en-US")
	switch d.class {
	case "CalendarItem":
		return c.settleCalendar(d, old)
	case "Task":
		return settleTask(d, c.now)
	case "Contact":
		d.setDefault("ItemClass", "IPM.Contact")
		d.setDefault("FileAsMapping", "LastCommaFirst")
	default:
		d.setDefault("ItemClass", "IPM.Note")
	}
	if d.props["ReminderIsSet"] == nil {
		d.set("ReminderIsSet", "false")
		d.setDefault("ReminderMinutesBeforeStart", "0")
	}
	return nil
}

// settleTask keeps status, per cent and date of completion together (MS-OXOTASK 2.2.2.2).
func settleTask(d *draft, now time.Time) error {
	d.setDefault("ItemClass", "IPM.Task")
	d.setDefault("ReminderIsSet", "false")
	d.setDefault("ReminderMinutesBeforeStart", "0")
	per, err := strconv.ParseFloat(orText(d.text("PercentComplete"), "0"), 64)
	if err != nil || per < 0 || per > 100 {
		return fail("ErrorInvalidPercentCompleteValue", "The value %s is not a valid percentage.", d.text("PercentComplete"))
	}
	if d.touched["CompleteDate"] && d.text("CompleteDate") != "" {
		if d.text("CompleteDate") > now.UTC().AddDate(0, 0, 1).Format(time.DateOnly) {
			return fail("ErrorInvalidCompleteDate", "The completion date lies in the future.")
		}
		d.set("Status", "Completed")
	}
	switch {
	case d.touched["Status"] || d.touched["CompleteDate"]:
		if d.text("Status") == "Completed" {
			per = 100
		} else if per == 100 {
			per = 0
		}
	case d.touched["PercentComplete"] && per == 100:
		d.set("Status", "Completed")
	case d.touched["PercentComplete"] && per > 0 && (d.text("Status") == "" || d.text("Status") == "NotStarted" || d.text("Status") == "Completed"):
		d.set("Status", "InProgress")
	case d.touched["PercentComplete"] && per == 0 && d.text("Status") != "WaitingOnOthers" && d.text("Status") != "Deferred":
		d.set("Status", "NotStarted")
	}
	d.setDefault("Status", "NotStarted")
	d.set("PercentComplete", strconv.FormatFloat(per, 'f', -1, 64))
	if d.text("Status") == "Completed" {
		d.setDefault("CompleteDate", now.UTC().Format(time.DateOnly))
	} else {
		delete(d.props, "CompleteDate")
	}
	if start, due := d.text("StartDate"), d.text("DueDate"); start != "" && due != "" && start > due {
		if d.touched["DueDate"] {
			d.set("StartDate", due)
		} else {
			d.set("DueDate", start)
		}
	}
	return nil
}
