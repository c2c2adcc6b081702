package ics

import "crmbridge/pim"

// Item is the typed view of the master component: *pim.Event for VEVENT, *pim.Task
// for VTODO. pim.ErrUnsupported for other components, pim.ErrInvalid when there is no
// component or its start cannot be read. A property that is broken or unknown is left
// out of the view, not of the text.
//
// A TZID that neither names nor defines a zone gives an instant in z.Local, or a
// floating time when z.Local is nil.
func (o *Object) Item(z Zones) (pim.Item, error) { return nil, pim.ErrInternal }
