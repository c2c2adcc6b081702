package exchange

// Marker is the named property (MS-OXPROPS 1.3: a GUID and a name) of type string in which items carry the key that the bridge
// gave them. EWS and Graph show the same property of the same mailbox, so that an item is known again when a mailbox moves from
// Exchange Server to Microsoft 365, where its ids are others.
const (
	MarkerSet  = "a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93"
	MarkerName = "CrmBridgeKey"
)
