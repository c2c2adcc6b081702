package graph

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// fileIdle is how long the bytes of a file may stay away.
const fileIdle = time.Minute

// OpenFile implements remote.FileOpener by the raw value of an attachment, which is the file, or the MIME form of an attached message
// ("Get attachment").
func (c *connector) OpenFile(ctx context.Context, col remote.CollectionID, id remote.ItemID, f pim.File) (io.ReadCloser, int64, error) {
	const op = "graph: file"
	sh, err := c.shelf(col)
	switch {
	case err != nil:
		return nil, 0, err
	case sh.kind() != pim.KindMessage:
		return nil, 0, pim.Errorf(op, pim.ErrUnsupported, "files are read of messages only")
	case id == "" || f.ID == "":
		return nil, 0, missing(op)
	case strings.HasPrefix(f.ID, elsewhere):
		return nil, 0, pim.Errorf(op, pim.ErrUnsupported, "the file is a link to a cloud, and not with the message")
	}
	body, resp, err := c.stream(ctx, request{op: op, path: sh.path(id) + "/attachments/" + escape(f.ID) + "/$value"})
	if err != nil {
		return nil, 0, err
	}
	size, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64)
	if err != nil || size < 0 {
		size = -1
	}
	return body, size, nil
}

// stream begins to read an answer that is not held in memory. It has a place among the requests at once only until it has begun:
// whoever reads it makes others meanwhile.
func (s *service) stream(ctx context.Context, r request) (io.ReadCloser, *upstream.Response, error) {
	if err := s.enter(ctx, r.op, 1); err != nil {
		return nil, nil, err
	}
	defer s.places.Release(1)
	token, err := s.tokens.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	for again := false; ; again = true {
		h := r.headers()
		h.Set("Authorization", "Bearer "+token.Access)
		body, resp, err := s.client.Stream(ctx, upstream.Request{Op: r.op, Path: version + r.address(), Header: h}, fileIdle)
		switch {
		case err == nil && body != nil:
			return body, resp, nil
		case resp != nil && resp.Status == http.StatusUnauthorized && !again:
			if token, err = s.tokens.After(ctx, token); err != nil {
				return nil, nil, err
			}
			continue
		case resp != nil:
			return nil, nil, later(answer{resp}.fail(r.op, false), pim.RetryAfter(err))
		}
		return nil, nil, err
	}
}
