package handlers

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"portal/inbox"
	"portal/models"
	"portal/store"
	"portal/views"
)

const (
	linkFilesAt   = "/admin/links"
	linkFileLimit = 32 << 20 // the most that an uploaded file may carry
)

// adminLinks lists the files of links.
func (h *House) adminLinks(c echo.Context, se models.Session) error {
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	list, err := h.Store.LinkFiles(c.Request().Context(), se.Tenant(), page)
	if err != nil {
		return err
	}
	list, next := store.Next(list, page.Limit, func(f models.LinkFile) (time.Time, fmt.Stringer) { return time.Time{}, f.ID })
	v := views.AdminLinks{Now: h.Now(), Shown: shown(len(list), "file", "files", next != "")}
	for _, f := range list {
		v.Files = append(v.Files, views.LinkFileLine{Href: linkFilesAt + "/" + f.ID.String(), Name: f.Name, State: string(f.State), Rows: f.Rows,
			Linked: f.Counts[models.Linked] + f.Counts[models.Replaced], By: f.MadeBy, At: f.MadeAt})
	}
	v.Newest, v.Older = around(linkFilesAt, nil, page, next)
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", "Files of links"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Unattributed", Href: "/admin/unattributed"}, "Customers linked many at once. Each file keeps what became of every row."
	upload := views.Action{Label: "Link by file", Icon: "link", Href: linkFilesAt + "/new", Kind: views.Primary}
	switch {
	case !admins.takes(se.Role):
	case len(v.Files) > 0:
		v.Primary = views.Button(upload)
	default:
		v.EmptyDo = upload
	}
	return show(c, http.StatusOK, views.AdminLinksPage(v), nil)
}

// adminLinkNew asks for a file.
func (h *House) adminLinkNew(c echo.Context, se models.Session) error {
	return h.showLinkUpload(c, se, http.StatusOK, views.LinkUpload{})
}

func (h *House) showLinkUpload(c echo.Context, se models.Session, status int, v views.LinkUpload) error {
	var err error
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", "Link by file"); err != nil {
		return err
	}
	v.Back, v.Sentence = views.Place{Label: "Unattributed", Href: "/admin/unattributed"}, "Says of many customers at once whose they are, from now on. Payments made before stay as they are."
	return show(c, status, views.AdminLinkNewPage(v), nil)
}

// adminLinkUpload keeps a file as it comes in, row by row, and has it checked (B4).
func (h *House) adminLinkUpload(c echo.Context, se models.Session) error {
	form := &linkForm{}
	f, err := form.keep(c.Request(), func(up inbox.Upload) (models.LinkFile, error) {
		return h.Inbox.KeepLinkFile(c.Request().Context(), se.Tenant(), up, actor(se))
	})
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = models.Invalid("file", "is larger than 32 MB; split it and upload the parts one after the other")
	}
	if wrong, fields := wrongFields(err); fields {
		return h.showLinkUpload(c, se, http.StatusUnprocessableEntity, views.LinkUpload{Replaces: form.replaces, Wrong: wrong["file"]})
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, linkFilesAt+"/"+f.ID.String())
}

// linkForm reads the form that brings a file, without keeping the file in memory.
type linkForm struct {
	parts    *multipart.Reader
	replaces bool
}

var errNoFile = models.Invalid("file", "choose the file to upload")

// keep reads the form up to the file, has the file kept while it is read, and then reads the rest.
func (l *linkForm) keep(r *http.Request, keep func(inbox.Upload) (models.LinkFile, error)) (models.LinkFile, error) {
	var err error
	if l.parts, err = r.MultipartReader(); err != nil {
		return models.LinkFile{}, errNoFile
	}
	file, err := l.next()
	if err != nil {
		return models.LinkFile{}, err
	}
	if file == nil || file.FileName() == "" {
		return models.LinkFile{}, errors.Join(errNoFile, l.rest())
	}
	return keep(inbox.Upload{Name: shortened(file.FileName(), 200), File: file, Replaces: func() (bool, error) {
		err := l.rest()
		return l.replaces, err
	}})
}

// next reads the fields before the next file; nil when there is none.
func (l *linkForm) next() (*multipart.Part, error) {
	for {
		part, err := l.parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("%w: read the form: %w", models.ErrInvalid, err)
		}
		switch part.FormName() {
		case "file":
			return part, nil
		case "replace":
			typed, err := io.ReadAll(io.LimitReader(part, 10))
			if err != nil {
				return nil, fmt.Errorf("%w: read the form: %w", models.ErrInvalid, err)
			}
			l.replaces = string(typed) == "yes"
		}
	}
}

func (l *linkForm) rest() error {
	for {
		if part, err := l.next(); part == nil || err != nil {
			return err
		}
	}
}
