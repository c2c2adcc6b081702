package davxml

import "encoding/xml"

// SyncCollection is the sync-collection REPORT (RFC 6578 6.1).
type SyncCollection struct {
	Prop     PropFind
	Token    string // "" for a first synchronisation
	Infinite bool   // sync-level infinite; else 1, which is also taken when there is no sync-level
	Limit    int    // most results wanted, 0 for all (RFC 6578 3.7)
}

func (*SyncCollection) Root() xml.Name { return D("sync-collection") }

func readSyncCollection(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	r := &SyncCollection{Prop: prop}
	if token := el.Child(D("sync-token")); token != nil {
		r.Token = token.Value()
	}
	// RFC 6578 6.3 wants a level; eM Client sends none and means 1.
	if level := el.Child(D("sync-level")); level != nil {
		switch v := level.Value(); v {
		case "1", "":
		case "infinite", "infinity":
			r.Infinite = true
		default:
			return nil, malformed("sync-level %.20q", v)
		}
	}
	if r.Limit, err = readLimit(el, D("limit"), D("nresults")); err != nil {
		return nil, err
	}
	return r, nil
}
