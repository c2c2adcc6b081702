package graphsim

import (
	"bytes"
	"image"
	_ "image/gif" // the forms of pictures that are taken
	_ "image/jpeg"
	_ "image/png"
	"net/http"
)

// servePhoto answers a contact's picture: photo is about it, photo/$value is the picture itself.
func (s *Sim) servePhoto(req *request, it *item, path []string) (answer, *refusal) {
	value := at(path, 0) == "$value"
	switch {
	case len(path) > 1 || len(path) == 1 && !value:
		return answer{}, noSegment(path[0])
	case req.method == http.MethodGet && it.photo == nil:
		return answer{}, refuse(http.StatusNotFound, "ErrorItemNotFound", "The photo wasn't found.")
	case req.method == http.MethodGet && value:
		return answer{status: http.StatusOK, body: it.photo, typ: http.DetectContentType(it.photo)}, nil
	case req.method == http.MethodGet:
		c, _, err := image.DecodeConfig(bytes.NewReader(it.photo))
		if err != nil {
			return answer{}, refuse(http.StatusInternalServerError, "ErrorInternalServerError", "The photo cannot be read.")
		}
		return ok(object{"@odata.context": req.context("users('" + it.box.id + "')/contacts/photo/$entity"),
			"@odata.mediaContentType": http.DetectContentType(it.photo), "id": "photo", "height": c.Height, "width": c.Width}), nil
	case req.method == http.MethodPut || req.method == http.MethodPatch:
		if _, _, err := image.DecodeConfig(bytes.NewReader(req.body)); err != nil {
			return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidImage", "The image is not of a supported form.")
		}
		it.photo = bytes.Clone(req.body)
	case req.method == http.MethodDelete:
		it.photo = nil
	default:
		return answer{}, noMethod()
	}
	it.box.bump(it, noDay, s.opt.Now())
	s.changed(it.box, it.in, it, noDay, "updated")
	if req.method == http.MethodDelete {
		return noContent(), nil
	}
	return answer{status: http.StatusOK}, nil
}
