package tryton

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
)

// planTask implements shelf.plan.
func planTask(ctx context.Context, c *connector, op string, f *facts, r row, want pim.Item, set pim.FieldSet) (plan, error) {
	t, ok := want.(*pim.Task)
	if !ok {
		return plan{}, wrongKind(op, want)
	}
	now := work{}
	if r.work != nil {
		now = *r.work
	}
	v := values{}
	w := &taskWrite{connector: c, ctx: ctx, op: op, f: f, now: now, want: t, set: set, out: v}
	err := c.works.Write(pim.KindTask, set, w)
	if err == nil && r.work == nil {
		v["type"], v["company"] = "task", f.company
		if _, given := v["parent"]; !given && f.project != 0 {
			v["parent"] = f.project
		}
	}
	return plan{set: v, notes: w.notes}, err
}

func markTask(set values, key string) {
	text, _ := set["comment"].(string)
	set["comment"] = text + markerOf(key)
}

func markedTask(key string) domain { return domain{clause("comment", "like", "%"+markerOf(key)+"%")} }

// removeTask deletes a work. Tryton refuses while something hangs on it, such as
// sub-tasks or time sheets, and says so.
func removeTask(ctx context.Context, c *connector, op string, f *facts, r row, how remote.Removal) error {
	if how == remote.Unassign {
		return pim.Errorf(op, pim.ErrUnsupported, "Tryton's tasks belong to nobody, so that nobody can be taken off; delete or complete the task")
	}
	return c.user(ctx, op, modelWork, "delete", f.locked(r), nil, []int64{r.id})
}

// progressValues are the status and progress: Tryton ties them together, so that one
// rules what the other may be.
func progressValues(f *facts, now work, want *pim.Task, set pim.FieldSet, out values) error {
	w := wish{
		status: statusOf(f, now.Status, now.Progress), percent: percentOf(now.Progress),
		byStatus: set.Has(pim.FieldStatus), byNumber: set.Has(pim.FieldPercent),
	}
	if !w.byStatus && !w.byNumber {
		return nil
	}
	if w.byStatus {
		w.status = want.Status
	}
	if w.byNumber {
		w.percent = want.Percent
	}
	if !w.byStatus && w.status == pim.NeedsAction && w.percent == 0 {
		return nil
	}
	id, progress, err := progressFor(f, w, now.Status)
	if err != nil {
		return err
	}
	if id != now.Status {
		out["status"] = id
	}
	if progress != nil && now.Progress != nil && *progress < 1 && percentOf(progress) == percentOf(now.Progress) && f.allows(id, now.Progress) {
		progress = now.Progress // Tryton may have it finer than per cent
	}
	if !sameProgress(progress, now.Progress) {
		if progress == nil {
			out["progress"] = nil
		} else {
			out["progress"] = *progress
		}
	}
	return nil
}

func sameProgress(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
