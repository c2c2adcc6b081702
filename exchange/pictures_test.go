package exchange_test

import (
	"testing"

	"crmbridge/exchange"
)

func TestPicturesOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, id string
		want     bool
	}{
		{`<p>see <img src="cid:logo@x"></p>`, "logo@x", true},
		{`<p>see <img src="cid:logo@x"></p>`, "<Logo@X>", true},
		{`<p>see <img src="cid:logo@x"></p>`, "log", false},
		{`<p>see <img src="cid:image10"></p>`, "image1", false},
		{`<img src=cid:image1 alt=a><img src='CID:image2'/>`, "image1", true},
		{`<img src=cid:image1 alt=a><img src='CID:image2'/>`, "image2", true},
		{`<img src="cid:a%40x">`, "a@x", true},
		{`<img src="cid:100%25">`, "100%25", true},
		{`<img src="cid:a&amp;b">`, "a&b", true},
		{`<td style="background: url('cid:back')">`, "back", true},
		{`<style>td { background: url(cid:back) }</style><p>cid:words</p>`, "back", true},
		{`<style>td { background: url(cid:back) }</style><p>cid:words</p>`, "words", false},
		{`<p title="acid:rain">`, "rain", false},
		{`<img src="cid:">`, "", false},
		{`<img src="cid:cut`, "cut", false},
		{``, "a", false},
	} {
		if got := exchange.PicturesOf(c.body).Has(c.id); got != c.want {
			t.Errorf("%s shows %q: %t", c.body, c.id, got)
		}
	}
}
