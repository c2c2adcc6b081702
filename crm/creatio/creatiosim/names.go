package creatiosim

import "strings"

// fullName keeps a contact's full name and its parts together: a new full name is taken apart, new parts without a full
// name make one. What the client sets of both stays as sent.
func (w *writing) fullName(old *row, v fields) {
	parts := [3]string{"GivenName", "MiddleName", "Surname"}
	if w.s.opt.SurnameFirst {
		parts = [3]string{"Surname", "GivenName", "MiddleName"}
	}
	_, named := v["Name"]
	split := false
	for _, p := range parts {
		if _, given := v[p]; given {
			split = true
		}
	}
	switch {
	case named && !split:
		name, _ := v["Name"].(string)
		if old != nil && old.text(w.s.db.schema.byName["Contact"].byName["Name"].pos) == name {
			return
		}
		for i, part := range splitName(name, w.s.opt.SurnameFirst) {
			v[parts[i]] = part
		}
	case split && !named:
		e := w.s.db.schema.byName["Contact"]
		var words []string
		for _, p := range parts {
			word, given := v[p].(string)
			if _, named := v[p]; !named && !given && old != nil {
				word = old.text(e.byName[p].pos)
			}
			if word = strings.TrimSpace(word); word != "" {
				words = append(words, word)
			}
		}
		v["Name"] = strings.Join(words, " ")
	}
}

// splitName takes a full name apart at its blanks: given, middle, surname, or with the surname first.
func splitName(name string, surnameFirst bool) (out [3]string) {
	words := strings.Fields(name)
	switch n := len(words); {
	case n == 0:
	case n == 1:
		out[0] = words[0]
	case surnameFirst:
		out[0], out[1], out[2] = words[0], words[1], strings.Join(words[2:], " ")
	default:
		out[0], out[1], out[2] = words[0], strings.Join(words[1:n-1], " "), words[n-1]
	}
	return out
}
