package handlers

import (
	"testing"

	"portal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
