package sandbox

import (
	"slices"
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
	if len(wanted) == 0 && c.old(e) {
		return
	}
	e["_to"] = wanted
	to.putIn(c.a, e)
	c.owe(c.a, e)
	c.send()
}

// old says whether Stripe would no longer list an event.
func (s *Sandbox) old(e object) bool {
	return s.now().Sub(time.Unix(e.num("created"), 0)) > keptFor
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

// listEvents answers in the version that the events were made in, whatever the caller's (MONEY.md 1.2).
func listEvents(c *call) (object, error) {
	kinds := c.form.list("types")
	if t := c.form.get("type"); t != "" {
		kinds = append(kinds, t)
	}
	failedOnly := c.form.get("delivery_success") == "false"
	found := slices.DeleteFunc(c.a.all("event"), func(e object) bool {
		return c.old(e) || len(kinds) > 0 && !slices.Contains(kinds, e.str("type")) || failedOnly && !c.owed(e)
	})
	for i := range found {
		found[i] = c.a.renderEvent(found[i], c.a.payload())
	}
	return c.page("/v1/events", found)
}
