package feed

import (
	"strings"

	"crmbridge/pim/line"
)

// outlookAgents are parts of the User-Agent of Outlook for Windows and Mac, of the rest of
// Office that opens calendars, and of Exchange, which fetches for Outlook on the web.
var outlookAgents = []string{"Microsoft Outlook", "Microsoft Office/", "MacOutlook/", "Microsoft Exchange/"}

// forOutlook reports whether a program reads calendars as Outlook does.
func forOutlook(agent string) bool {
	for _, part := range outlookAgents {
		if strings.Contains(agent, part) {
			return true
		}
	}
	return false
}

// outlookLines are the properties that Outlook reads instead of the standard ones
// (MS-OXCICAL 2.1.3.1.1.20), where the event has none.
func outlookLines(c *line.Block) []*line.Line {
	var out []*line.Line
	put := func(name, value string) {
		if c.First(name) == nil {
			out = append(out, line.New(name, value))
		}
	}
	put("X-MICROSOFT-CDO-BUSYSTATUS", busyStatus(c))
	allDay := "FALSE"
	if upper(c.First("DTSTART").Param("VALUE")) == "DATE" {
		allDay = "TRUE"
	}
	put("X-MICROSOFT-CDO-ALLDAYEVENT", allDay)
	if p := strings.TrimSpace(c.Value("PRIORITY")); isNumber(p) && p != "0" {
		put("X-MICROSOFT-CDO-IMPORTANCE", importance(p))
	}
	return out
}

// busyStatus is what an event does to the time it takes. What Outlook wrote itself says
// more than TRANSP, which knows two words.
func busyStatus(c *line.Block) string {
	if v := upper(c.Value("X-MICROSOFT-CDO-BUSYSTATUS")); v != "" {
		return v
	}
	switch {
	case upper(c.Value("TRANSP")) == "TRANSPARENT", upper(c.Value("STATUS")) == "CANCELLED":
		return "FREE"
	case upper(c.Value("STATUS")) == "TENTATIVE":
		return "TENTATIVE"
	}
	return "BUSY"
}

// importance is PRIORITY in Outlook's three steps: 2 high, 1 normal, 0 low.
func importance(priority string) string {
	switch {
	case len(priority) > 1 || priority > "5":
		return "0"
	case priority < "5":
		return "2"
	}
	return "1"
}
