package sandbox

import (
	"slices"
	"strings"
	"time"
)

// keptFor is how long Stripe lists events.
const keptFor = 30 * 24 * time.Hour

// emit notes that something happened and owes it to the endpoints that want to hear of it.
func (c *call) emit(kind string, o, previous object) { c.emitInto(c, kind, o, previous) }

// emitInto is emit for an event of another account than the one the call changes.
func (c *call) emitInto(to *call, kind string, o, previous object) {
	e := c.make(eventPrefix, "event", object{"type": kind, "_data": o, "_previous": previous,
		"request": object{"id": null(c.request), "idempotency_key": null(c.key)}})
	wanted := []any{}
	for _, w := range c.a.listeners() {
		if wants(w, kind) {
			wanted = append(wanted, w.str("id"))
		}
	}
	if len(wanted) == 0 && c.old(c.a, e) {
		return
	}
	e["_to"] = wanted
	to.putIn(c.a, e)
	c.owe(c.a, e)
	c.send()
}

// old says whether Stripe would no longer list an event.
func (s *Sandbox) old(a *account, e object) bool {
	return s.clock(a).Sub(time.Unix(e.num("created"), 0)) > keptFor
}

// listeners are the endpoints that hear of an account: its own, or its platform's Connect endpoints, and those of the
// platforms that it is connected to by OAuth.
func (a *account) listeners() []object {
	owner, connect := a, false
	if a.platform != nil {
		owner, connect = a.platform, true
	}
	found := slices.DeleteFunc(owner.all("webhook_endpoint"), func(w object) bool {
		return w.flag("_connect") != connect || w.str("status") == "disabled"
	})
	return append(found, a.appsListening()...)
}

// speaksNew tells whether anybody hears of an account in the new shapes, which have objects of their own.
func (a *account) speaksNew() bool {
	return isNew(a.payload()) || slices.ContainsFunc(a.listeners(), func(w object) bool { return isNew(w.str("api_version")) })
}

func wants(endpoint object, kind string) bool {
	return slices.ContainsFunc(endpoint.list("enabled_events"), func(e any) bool { return e == kind || e == "*" })
}

// renderEvent shows an event as an API version shows it. The object in it is as it was then.
func (a *account) renderEvent(e object, version string) object {
	data := object{"object": a.render(e.sub("_data"), version)}
	if p := e.sub("_previous"); p != nil {
		was := tree(a.fill(p, version))
		if isNew(version) && e.sub("_data").str("object") == "subscription" {
			drop(was, "current_period_start", "current_period_end")
		}
		data["previous_attributes"] = was
	}
	out := a.render(e, version).with(object{"api_version": version, "data": data, "livemode": a.isLive(), "pending_webhooks": len(e.list("_to"))})
	if a.platform != nil {
		out["account"] = a.ID
	}
	return out
}

func getEvent(c *call) (object, error) {
	e, err := c.need("event", c.path("id"))
	if err != nil {
		return nil, err
	}
	return c.a.renderEvent(e, c.a.payload()), nil
}

// listEvents answers in the version that the events were made in, whatever the caller's (MONEY.md 1.2). It lists those of
// the last 30 days.
func listEvents(c *call) (object, error) {
	kinds := c.form.list("types")
	if len(kinds) > 20 {
		return nil, invalid("", "types", "You may only give up to 20 types.")
	}
	if t := c.form.get("type"); t != "" {
		if len(kinds) > 0 {
			return nil, invalid("", "type", "You may only specify one of these parameters: type, types.")
		}
		kinds = append(kinds, t)
	}
	told, err := c.form.flag("delivery_success")
	if err != nil {
		return nil, err
	}
	skip := func(k *kept) bool {
		return len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return asType(kind, k.event) }) ||
			c.form.has("delivery_success") && told != (len(c.post.owed[k.id]) == 0 && !c.post.lost[k.id])
	}
	return c.search(query{url: "/v1/events", kind: "event", skip: skip, since: c.at.Add(-keptFor).Unix(),
		as: func(e object) object { return c.a.renderEvent(e, c.a.payload()) }})
}

// asType tells whether an event's type is one that was asked for; charge.* are all that begin with "charge.".
func asType(asked, kind string) bool {
	if group, ok := strings.CutSuffix(asked, "*"); ok {
		return strings.HasPrefix(kind, group)
	}
	return asked == kind
}
