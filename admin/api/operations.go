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
	const get, post = http.MethodGet, http.MethodPost
	return []row{
		{get, "/me", person, nothing, 0, "The account of the token", does((*call).me)},
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
