package tryton

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// work is a project.work as it is read.
type work struct {
	ID int64 `json:"id"`
	stamps
	Lock     string   `json:"_timestamp"`
	Name     string   `json:"name"`
	Comment  string   `json:"comment"`
	Effort   span     `json:"effort_duration"`
	Progress *float64 `json:"progress"` // 0 to 1; null: not begun
	Status   int64    `json:"status"`
	Parent   parent   `json:"parent."`
	cells    cells
}

// parent is the work above another one; its path names all works above.
type parent struct {
	ID   int64  `json:"id"`
	Path string `json:"rec_name"`
}

func (c *connector) taskShelf() shelf {
	return shelf{
		id: Tasks, name: "Tasks", kind: pim.KindTask, model: modelWork,
		usable: func(f *facts) error {
			if err := usable(f, modelWork, "project"); err != nil {
				return err
			}
			if f.company == 0 {
				return pim.Errorf("tryton: tasks", pim.ErrUnsupported, "this user has no company, and tasks belong to one; set it in the user's preferences")
			}
			return nil
		},
		base:   domain{clause("type", "=", "task")},
		fields: c.taskAsked, scope: taskScope, changed: taskChanged, read: c.readTasks,
		plan: planTask, mark: markTask, marked: markedTask, remove: removeTask,
	}
}

func (c *connector) taskAsked(_ *facts, brief bool) []string {
	out := []string{"create_date", "write_date", "parent.rec_name"}
	if brief {
		return out
	}
	return append(append(out, "_timestamp"), c.works.Asked()...)
}

// taskScope: tasks have no dates, so that they are in every window, and no owner.
// Of types there is one.
func taskScope(_ context.Context, _ *connector, f *facts, s remote.Scope) (domain, bool, error) {
	ok := len(s.Types) == 0
	for _, t := range s.Types {
		ok = ok || strings.EqualFold(t, "task")
	}
	return domain{clause("company", "=", f.company)}, ok, nil
}

// taskChanged: a task shows the name of its project.
func taskChanged(_ *facts, t stamp) domain {
	return append(since(t), clause("parent", "where", since(t)))
}

func (c *connector) readTasks(f *facts, raw json.RawMessage, brief bool, cells []cells) ([]row, error) {
	var ws []work
	if err := json.Unmarshal(raw, &ws); err != nil {
		return nil, err
	}
	out := make([]row, 0, len(ws))
	for i, w := range ws {
		r := row{id: w.ID, version: version(w.ID, w.Written, w.Parent.Path), born: w.Created, last: w.last()}
		if !brief {
			if cells != nil {
				w.cells = cells[i]
			}
			r.item, r.locks, r.work = c.task(f, &w), w.locks(), &w
		}
		out = append(out, r)
	}
	return out, nil
}

// task is the work in the words of pim.
func (c *connector) task(f *facts, w *work) *pim.Task {
	t := &pim.Task{}
	c.works.Read(taskRead{w, f}, t)
	return t
}

// locks is the stamp for Tryton's own check.
func (w *work) locks() values {
	if w.Lock == "" {
		return values{}
	}
	return values{modelWork + "," + strconv.FormatInt(w.ID, 10): w.Lock}
}

func percentOf(progress *float64) int {
	if progress == nil || math.IsNaN(*progress) {
		return 0
	}
	return min(max(int(math.Round(*progress*100)), 0), 100)
}

// A work's name is a part of a path that backslashes separate, and Tryton refuses one
// that holds a backslash. A sign that looks the same stands for it.
const (
	backslash = `\`
	lookalike = "\u29f5" // REVERSE SOLIDUS OPERATOR
)

func toWorkName(title string) string {
	return strings.ReplaceAll(strings.TrimSpace(oneLine(title)), backslash, lookalike)
}

func fromWorkName(name string) string { return strings.ReplaceAll(name, lookalike, backslash) }
