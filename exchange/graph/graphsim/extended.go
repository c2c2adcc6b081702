package graphsim

import (
	"net/http"
	"regexp"
	"strings"
)

// extendedID are the forms of an extended property's id, by the extended properties overview.
var extendedID = regexp.MustCompile(`^(?i:(string|integer|boolean|double|systemtime|cltime|guid|binary|currency|float|short|long))\s+(\{[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}\s+(?i:name|id)\s+\S.*|0x[0-9a-fA-F]{1,4})$`)

// extendedKey is an extended property's id in one spelling: only the string name of a property has a case.
func extendedKey(id string) (string, bool) {
	m := extendedID.FindStringSubmatch(strings.TrimSpace(id))
	if m == nil {
		return "", false
	}
	words := strings.Fields(m[2])
	if len(words) < 3 {
		return strings.ToLower(m[1] + " " + m[2]), true
	}
	name := strings.TrimSpace(m[2][strings.Index(m[2], words[1])+len(words[1]):])
	if strings.EqualFold(words[1], "id") {
		name = strings.ToLower(name)
	}
	return strings.ToLower(m[1]+" "+words[0]+" "+words[1]) + " " + name, true
}

func badExtended(id string) *refusal {
	return refuse(http.StatusBadRequest, "ErrorInvalidProperty", "Property '%s' is not supported as an extended property id.", id)
}

// setExtended changes extended properties by those of a body; one without a value is taken away.
func setExtended(ext map[string]extended, sent []any) *refusal {
	for _, v := range sent {
		p := v.(object)
		key, ok := extendedKey(text(p["id"]))
		if !ok {
			return badExtended(text(p["id"]))
		}
		if p["value"] == nil {
			delete(ext, key)
			continue
		}
		ext[key] = extended{strings.TrimSpace(text(p["id"])), text(p["value"])}
	}
	return nil
}
