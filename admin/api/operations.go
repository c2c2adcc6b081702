package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// who may ask for an operation.
type who int

const (
	person        who = iota // about what is theirs
	administrator            // about everything
	both                     // the one below /me, the other not
)

// about is how many accounts an administrator's operation is about.
type about int

const (
	nothing about = iota // it names what it is about in its path, or is about no account
	all                  // those of all accounts, or of the one that ?user= names
	one                  // the account that ?user= has to name
)

// row is an operation: where it is, who may ask for it, and what it does.
type row struct {
	method, path string
	who          who
	about        about
	status       int // of the answer; 0 is 200
	summary      string
	do           registers
}

// registers makes an operation known to huma, with the types of what goes in and out.
type registers func(huma.API, huma.Operation)

// table is all operations.
func table() []row {
	const get, post, patch, remove = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []row{
		{get, "/me", person, nothing, 0, "The account of the token", does((*call).me)},

		{get, "/accounts", administrator, nothing, 0, "All accounts", does((*call).accounts)},
		{post, "/accounts", administrator, nothing, http.StatusCreated, "Make an account, with a calendar, a task list and an address book", does((*call).addAccount)},
		{get, "/accounts/{name}", administrator, nothing, 0, "An account", does((*call).oneAccount)},
		{post, "/accounts/{name}/disable", administrator, nothing, 0, "Let an account in no more; nothing is deleted", does((*call).disable)},
		{post, "/accounts/{name}/enable", administrator, nothing, 0, "Let an account in again", does((*call).enable)},
		{post, "/accounts/{name}/password", administrator, nothing, 0, "Give an account another password", does((*call).setPassword)},

		{get, "/devices", both, all, 0, "App passwords of devices and API tokens, also those that ended", does((*call).devices)},
		{post, "/devices", both, one, http.StatusCreated, "Make an app password; it is in this answer only", does((*call).addDevice)},
		{post, "/devices/{id}/revoke", both, all, 0, "End an app password or API token at once", does((*call).revokeDevice)},

		{get, "/feeds", both, all, 0, "Read-only addresses of calendars, also those that ended", does((*call).feeds)},
		{post, "/feeds", both, one, http.StatusCreated, "Make a read-only address of a calendar; it is in this answer only", does((*call).addFeed)},
		{post, "/feeds/{id}/rotate", both, all, 0, "Give a feed another address, and end the old one at once", does((*call).rotateFeed)},
		{post, "/feeds/{id}/revoke", both, all, 0, "End a feed at once", does((*call).revokeFeed)},

		{get, "/links", both, all, 0, "Links, and how they stand", does((*call).links)},
		{post, "/links", administrator, one, http.StatusCreated, "Link a collection to a CRM or mail server, after a test of the connection", does((*call).addLink)},
		{get, "/links/{link}", both, all, 0, "A link with its settings and rules; secrets are left out", does((*call).link)},
		{get, "/links/{link}/items", both, all, 0, "The items that a link knows", does((*call).items)},
		{post, "/links/{link}/run", both, all, http.StatusAccepted, "Queue a run, unless one is queued that has not begun", does((*call).runLink)},
		{post, "/links/{link}/stop", both, all, 0, "Stop the run that is under way; the next one goes on from there", does((*call).stop)},
		{post, "/links/{link}/pause", both, all, 0, "Let no run begin until it is resumed", does((*call).pause)},
		{post, "/links/{link}/resume", both, all, 0, "Let runs begin again, the next one at once", does((*call).resume)},
		{post, "/links/{link}/allow-many", administrator, all, 0, "Let a link make and mail as much as it likes for an hour", does((*call).allowMany)},
		{post, "/links/{link}/retry", both, all, 0, "Try a failed item again at once", does((*call).retry)},
		{post, "/links/{link}/ignore", both, all, 0, "Set a failed item aside until it changes on either side", does((*call).ignore)},
		{post, "/links/{link}/approve", both, all, 0, "Let deletions happen that wait for a person", does((*call).approve)},
		{post, "/links/{link}/reject", both, all, 0, "Take deletions back that wait for a person", does((*call).reject)},

		{post, "/links/{link}/link", both, all, 0, "Link an item whatever the rules say", does((*call).linkItem)},
		{post, "/links/{link}/unlink", both, all, 0, "Keep both copies of an item, and carry nothing over", does((*call).unlinkItem)},
		{post, "/links/{link}/relink", both, all, 0, "Leave an item to the rules again", does((*call).relinkItem)},
		{post, "/links/{link}/bring", administrator, all, 0, "Link one record of the other side by its id there", does((*call).bring)},
		{post, "/links/{link}/test", administrator, all, 0, "Test the connection of a link, step by step", does((*call).test)},
		{get, "/links/{link}/folders", administrator, all, 0, "The collections of the other side", does((*call).folders)},
		{post, "/links/{link}/preview", administrator, all, 0, "What a run would do, also by other rules; nothing of it is done", does((*call).preview)},
		{patch, "/links/{link}/rules", administrator, all, 0, "Put rules over those of a link; null sets one back", does((*call).setRules)},
		{remove, "/links/{link}", administrator, all, 0, "Remove a link; the items stay on both sides", does((*call).remove)},

		{get, "/runs", both, all, 0, "Runs of links, newest first", does((*call).runs)},
		{get, "/runs/{id}", both, all, 0, "A run with what it did, step by step", does((*call).run)},
		{post, "/runs/{id}/undo", both, all, 0, "Take back what a run wrote, on both sides; its link is paused", does((*call).undoRun)},

		{get, "/errors", both, all, 0, "Items that cannot be synced, and why", does((*call).errors)},
		{get, "/holds", both, all, 0, "Items that wait for a person", does((*call).holds)},

		{get, "/conflicts", both, all, 0, "Changes that collided, newest first; states: open, settled", does((*call).conflicts)},
		{get, "/conflicts/{id}", both, all, 0, "A conflict field by field, with the texts of all sides", does((*call).conflict)},
		{post, "/conflicts/{id}/settle", both, all, 0, "Settle a conflict", does((*call).settle)},
		{post, "/conflicts/{id}/undo", both, all, 0, "Take back how a conflict was settled", does((*call).unsettle)},

		{get, "/duplicates", both, all, 0, "Pairs of items that may be one", does((*call).duplicates)},
		{get, "/duplicates/{id}", both, all, 0, "Two items that may be one, field by field", does((*call).duplicate)},
		{post, "/duplicates/{id}/merge", both, all, 0, "Make one item of two", does((*call).merge)},
		{post, "/duplicates/{id}/ignore", both, all, 0, "Say that two items are not one", does((*call).ignoreDuplicate)},
		{post, "/duplicates/{id}/undo", both, all, 0, "Take a merge back, or that two were ignored", does((*call).undoDuplicate)},

		{get, "/items/explain", both, all, 0, "Why an item is or is not on a side, rule by rule", does((*call).explain)},
		{get, "/items/history", both, all, 0, "Who changed an item, when and from where, field by field", does((*call).history)},
		{post, "/items/restore", both, all, 0, "Make an earlier version of an item the newest", does((*call).restore)},

		{get, "/system", administrator, nothing, 0, "The program, its database, and runs that are queued or under way", does((*call).system)},
		{post, "/system/rotate-key", administrator, nothing, 0, "Seal all secrets with a new key, and drop the old one", does((*call).rotateKey)},
		{get, "/audit", administrator, nothing, 0, "Who did what, newest first", does((*call).audit)},

		{get, "/drivers", administrator, nothing, 0, "What can be linked to", does((*call).drivers)},
		{get, "/drivers/{name}", administrator, nothing, 0, "The options of a driver", does((*call).options)},
	}
}

// route is a row as one role asks for it.
type route struct {
	method, path, summary string
	who                   who // person or administrator
	about                 about
	status                int
	register              registers
}

// me is the path below which people find what is theirs.
const me = "/me"

// routes are the rows of the table, those for both roles as two.
func routes() []route {
	var out []route
	for _, r := range table() {
		path := r.path
		if r.who != administrator {
			own := path
			if r.who == both {
				own = me + path
			}
			out = append(out, route{r.method, own, r.summary, person, r.about, r.status, r.do})
		}
		if r.who != person {
			out = append(out, route{r.method, path, r.summary, administrator, r.about, r.status, r.do})
		}
	}
	return out
}

// id is the name of an operation in the description: "get-me-devices".
func (r route) id() string {
	words := strings.FieldsFunc(r.path, func(c rune) bool { return c == '/' })
	for i, w := range words {
		words[i] = strings.Trim(w, "{}")
	}
	return strings.ToLower(r.method) + "-" + strings.Join(words, "-")
}

// group is what an operation stands under in the description.
func (r route) group() string {
	group, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.path, me), "/"), "/")
	if group == "" {
		group = "me"
	}
	return group
}

// answer is what goes out.
type answer[T any] struct{ Body T }

// does makes an operation of a method of call.
func does[I, O any](do func(*call, context.Context, *I) (O, error)) registers {
	return func(to huma.API, op huma.Operation) {
		huma.Register(to, op, func(ctx context.Context, in *I) (*answer[O], error) {
			c := ctx.Value(callKey{}).(*call)
			out, err := do(c, ctx, in)
			if err != nil {
				return nil, c.problem(op, err)
			}
			return &answer[O]{out}, nil
		})
	}
}

// none is what goes in where nothing does.
type none struct{}
