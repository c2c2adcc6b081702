package sample

// The tables are read only.

func topics() []string {
	return []string{
		"Weekly review", "Call about the reprint", "Product demo", "Price list 2026", "Interview for the second shift",
		"Planning of the trade fair", "Offer for the wind farm", "Kick-off", "Budget, second round", "Lunch with the team",
		"Delivery dates; open questions", "Приёмка оборудования", "Созвон по спецификации", "Переговоры о неустойке",
		"Besprechung Lieferverzug", "Schulung für neue Kolleginnen", "Huoltosopimus", "Revisão do projeto", "季度采购会议",
		"Συνάντηση για το συμβόλαιο", "مكالمة حول موعد التسليم", "Site inspection", "Contract renewal", "Dentist",
	}
}

func places() []string {
	return []string{
		"Main office, room \"Oak\"", "Room 2.14", "https://meet.example.org/plan-7781", "Candle Yard 3, Northwick", "Hall 4, stand 17",
		"Keksittykatu 7, Helsinki", "Алматы, пр. Образцовый, 3", "Musterweg 12, 10115 Berlin", "By phone",
	}
}

func sentences() []string {
	return []string{
		"Agenda: scope, dates, who signs.", "Please bring the drawings and the list of materials.",
		"The attachment has the prices of last year; compare them before we talk.", "Ask for the extension 215 after lunch.",
		"Обсудить сроки, оплату и неустойку.", "Offene Punkte aus dem letzten Protokoll: Lager, Versand, Rechnung.",
		"They want an answer by Friday, and a discount that we cannot give.", "1. Open offers\n2. Late payments\n3. Any other business",
		"Dial in: +1 212 555 0147, code 99 41 20#", "Check: VAT; rounding, \"special\" rates.",
	}
}

func givenNames() []string {
	return []string{
		"Ada", "Barnaby", "Conceição", "Dmitri", "Eleni", "Farid", "Gwendolyn", "Henrik", "Inês", "Jun", "Katarzyna", "Linnea",
		"Märta", "Nikos", "Olga", "Päivi", "Quentin", "Rosa", "Sami", "Tomasz", "Ulla", "Väinö", "Wei", "Ximena", "Yusuf", "Зарина",
	}
}

func familyNames() []string {
	return []string{
		"Ashgrove", "Birchwater", "Carvalho", "Dimitriou", "Eskelinen", "Fjällberg", "Grünwald", "Hollowell", "Ivanova", "Jääskä",
		"Kowalczyk", "Lindqvist", "Mirzoev", "Northwick", "Okonjo", "Papadakis", "Rosenthal", "Silveira", "Tindle", "Uusitalo",
		"Vandermeer", "Wójcik", "Xenakis", "Yamashita", "Zieliński", "Петрова",
	}
}

func companies() []string {
	return []string{
		"Northwick Lanterns", "Ashgrove & Tindle", "Påhittad Mekanik AB", "Keksitty Tuulivoima Oy", "Moinho Inventado, Lda.",
		"Образцовый завод", "Muster & Söhne GmbH", "Candle Yard Press", "虚构贸易", "Example Logistics",
	}
}

func jobs() []string {
	return []string{"Buyer", "Head of sales", "Engineer", "Geschäftsführerin", "Инженер", "Office manager", "Accountant", "Project lead"}
}

func cities() [][3]string { // street, city, postal code
	return [][3]string{
		{"Candle Yard 3", "Northwick", "NW1 0XX"}, {"Musterweg 12", "Berlin", "10115"}, {"Keksittykatu 7", "Helsinki", "00100"},
		{"Travessa Imaginária 5", "Porto", "4000-000"}, {"пр. Образцовый, 3", "Алматы", "050000"}, {"Οδός Φαντασίας 30", "Αθήνα", "105 57"},
	}
}
