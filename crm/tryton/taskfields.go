package tryton

import (
	"context"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// taskRead is a work with what it is read with, taskWrite one write of it: now is empty
// for a new work.
type (
	taskRead struct {
		*work
		f *facts
	}
	taskWrite struct {
		*connector
		ctx  context.Context
		op   string
		f    *facts
		now  work
		want *pim.Task
		set  pim.FieldSet
		out  values
		// notes tell what became of names that were looked up.
		notes []remote.Note
	}
	taskField  = crm.Field[taskRead, *taskWrite]
	taskFields = crm.Fields[taskRead, *taskWrite]
)

// taskTable is the table of tasks. The module project has no dates. Modules that add some
// differ too much to promise anything.
func taskTable() taskFields {
	row := func(m remote.Mapping, asks []string, read func(taskRead, pim.Item), write func(*taskWrite) error) taskField {
		return taskField{Mapping: m, Kinds: pim.Kinds(pim.KindTask), Asks: asks, Read: read, Write: write}
	}
	return taskFields{
		row(crm.Required(crm.In(pim.FieldTitle, remote.TextColumn, "name")), nil, readWorkName, (*taskWrite).title),
		row(crm.In(pim.FieldNotes, remote.TextColumn, "comment"), nil, readComment, (*taskWrite).comment),
		row(crm.In(pim.FieldEffort, remote.DurationColumn, "effort_duration"), nil, readEffort, (*taskWrite).effort),
		row(crm.Of(modelStatus, crm.Required(crm.In(pim.FieldStatus, remote.ChoiceColumn, "status", "progress"))), nil, readProgress, (*taskWrite).progress),
		row(crm.Tied(crm.In(pim.FieldPercent, remote.NumberColumn, "progress")), nil, nil, (*taskWrite).progress),
		row(crm.Of(modelWork, crm.In(pim.FieldProject, remote.ReferenceColumn, "parent")), []string{"parent.rec_name"}, readProject, (*taskWrite).project),
	}
}

func readWorkName(r taskRead, it pim.Item) { it.(*pim.Task).Title = fromWorkName(r.Name) }

func (w *taskWrite) title() error {
	name := toWorkName(w.want.Title)
	if name == "" {
		return pim.Errorf(w.op, pim.ErrRefused, "a task needs a title in Tryton")
	}
	if name != w.now.Name {
		w.out["name"] = name
	}
	return nil
}

func readComment(r taskRead, it pim.Item) { it.(*pim.Task).Notes = withoutMarker(r.Comment) }

func (w *taskWrite) comment() error {
	if withoutMarker(w.now.Comment) != withoutMarker(w.want.Notes) {
		w.out["comment"] = orNull(withMarker(w.want.Notes, w.now.Comment))
	}
	return nil
}

func readEffort(r taskRead, it pim.Item) { it.(*pim.Task).Effort = time.Duration(r.Effort) }

func (w *taskWrite) effort() error {
	if w.now.Effort != span(w.want.Effort) {
		w.out["effort_duration"] = span(w.want.Effort)
	}
	return nil
}

// readProgress reads status and percentage together: each tells what the other means.
func readProgress(r taskRead, it pim.Item) {
	t := it.(*pim.Task)
	t.Percent, t.Status = percentOf(r.Progress), statusOf(r.f, r.Status, r.Progress)
}

// progress writes them together; the same whichever of the two rows asks for it.
func (w *taskWrite) progress() error { return progressValues(w.f, w.now, w.want, w.set, w.out) }

func readProject(r taskRead, it pim.Item) { it.(*pim.Task).CRM.Project = r.Parent.Path }

func (w *taskWrite) project() error {
	switch path := strings.TrimSpace(w.want.CRM.Project); path {
	case w.now.Parent.Path:
		return nil
	case "":
		w.out["parent"] = nil
		return nil
	default:
		id, err := w.projectNamed(w.ctx, w.op, w.f, path)
		if err == nil && id != w.now.Parent.ID {
			w.out["parent"] = id
		}
		return err
	}
}
