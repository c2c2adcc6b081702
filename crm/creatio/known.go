package creatio

import "strings"

// meaning is a value of a pick-list that the driver has to know: under its standard
// id, or by its name in one of the languages the product ships in. Administrators
// rename, delete and add values, so none is taken for granted.
type meaning struct {
	lookup string
	word   string
	id     guid
	names  string // comma separated, lower case
}

// The words that more than one file uses.
const (
	typeTask, typeCall, typeEmail = "task", "call-type", "email-type"

	categoryToDo, categoryMeeting, categoryEmail = "todo", "meeting", "email-category"

	mailIncoming, mailOutgoing, mailSent = "incoming", "outgoing", "mail-sent"

	statusNew, statusRunning, statusDone, statusCancelled = "not-started", "in-progress", "completed", "cancelled"

	priorityHigh, priorityMedium, priorityLow = "high", "medium", "low"

	roleResponsible, roleParticipant, roleFrom, roleTo, roleCC, roleBCC = "responsible", "participant", "from", "to", "cc", "bcc"

	answerYes, answerNo, answerMaybe = "accepted", "declined", "tentative"

	commEmail, commMobile, commWork, commMain, commExtra, commHome = "email", "mobile", "work-phone", "main-phone", "extra-phone", "home-phone"
	commFax, commExtension, commWeb, commSkype                     = "fax", "extension", "web", "skype"
	commLinkedIn, commTwitter, commFacebook                        = "linkedin", "twitter", "facebook"

	addressWork, addressHome, addressDelivery = "work-address", "home-address", "delivery-address"

	genderMale, genderFemale = "male", "female"
)

// meanings is the table of what is recognised. The ids are those of a standard
// installation.
func meanings() []meaning {
	return []meaning{
		{"ActivityType", typeTask, "fbe0acdc-cfc0-df11-b00f-001d60e938c6", "task,задача,aufgabe,tâche,tarea,tarefa,tehtävä,uppgift,oppgave,opgave,attività,zadanie"},
		{"ActivityType", typeCall, "e1831dec-cfc0-df11-b00f-001d60e938c6", "call,звонок,anruf,appel,llamada,chamada,ligação,puhelu,samtal,samtale,opkald,chiamata"},
		{"ActivityType", typeEmail, "e2831dec-cfc0-df11-b00f-001d60e938c6", "email,e-mail,эл. почта,письмо,e-posta,sähköposti,e-post,correo electrónico,courriel"},

		{"ActivityCategory", categoryToDo, "f51c4643-58e6-df11-971b-001d60e938c6", "to do,to-do,todo,выполнить,zu erledigen,à faire,por hacer,a fazer,tehtävä,att göra,å gjøre,da fare"},
		{"ActivityCategory", categoryMeeting, "42c74c49-58e6-df11-971b-001d60e938c6", "meeting,встреча,besprechung,termin,réunion,rendez-vous,reunión,reunião,tapaaminen,kokous,möte,møte,møde,riunione,spotkanie"},

		{"ActivityCategory", categoryEmail, "8038a396-7825-e011-8165-00155d043204", "email,e-mail,эл. почта,письмо,e-posta,sähköposti,e-post,correo electrónico,courriel"},

		{"EmailType", mailIncoming, "7f9d1f86-f36b-1410-068c-20cf30b39373", "incoming,входящее,eingehend,entrant,entrante,recebido,recebida,saapunut,inkommande,innkommende,indgående,in entrata"},
		{"EmailType", mailOutgoing, "7f6d3f94-f36b-1410-068c-20cf30b39373", "outgoing,исходящее,ausgehend,sortant,saliente,enviado,enviada,lähtevä,utgående,udgående,in uscita"},
		{"EmailSendStatus", mailSent, "8074ffc0-6107-e011-a646-16d83cab0980", "sent,отправлено,gesendet,envoyé,enviado,lähetetty,skickat,sendt,inviato"},

		{"ActivityStatus", statusNew, "384d4b84-58e6-df11-971b-001d60e938c6", "not started,не начата,не начато,nicht begonnen,non commencé,no iniciada,não iniciada,ei aloitettu,ej påbörjad,ikke startet,non iniziata"},
		{"ActivityStatus", statusRunning, "394d4b84-58e6-df11-971b-001d60e938c6", "in progress,в работе,in bearbeitung,en cours,en curso,em andamento,em curso,käynnissä,pågår,under arbeid,i gang,in corso"},
		{"ActivityStatus", statusDone, "4bdbb88f-58e6-df11-971b-001d60e938c6", "completed,завершена,завершено,выполнена,abgeschlossen,terminé,completada,concluída,valmis,slutförd,avslutad,fullført,afsluttet,completata"},
		{"ActivityStatus", statusCancelled, "201cfba8-58e6-df11-971b-001d60e938c6", "cancelled,canceled,отменена,отменено,abgebrochen,abgesagt,annulé,cancelada,peruttu,avbruten,inställd,avlyst,aflyst,annullata"},

		{"ActivityPriority", priorityHigh, "d625a9fc-7ee6-df11-971b-001d60e938c6", "high,высокий,hoch,haute,élevée,alta,korkea,hög,høy,høj"},
		{"ActivityPriority", priorityMedium, "ab96fa02-7fe6-df11-971b-001d60e938c6", "medium,средний,mittel,moyenne,media,média,normaali,keskitaso,medel,middels,mellem"},
		{"ActivityPriority", priorityLow, "ac96fa02-7fe6-df11-971b-001d60e938c6", "low,низкий,niedrig,basse,faible,baja,baixa,matala,låg,lav,bassa"},

		{"ActivityParticipantRole", roleResponsible, "53fc4a92-b0ea-e111-96c4-00165d094c12", "responsible,ответственный,verantwortlich,verantwortlicher,responsable,responsável,vastuuhenkilö,ansvarig,ansvarlig,responsabile"},
		{"ActivityParticipantRole", roleParticipant, "34b9a615-b0ea-e111-96c4-00165d094c12", "participant,участник,teilnehmer,participante,osallistuja,deltagare,deltaker,deltager,partecipante"},
		{"ActivityParticipantRole", roleFrom, "6a6390c4-a6e1-df11-971b-001d60e938c6", "from,от кого,von,de,från,fra,lähettäjä"},
		{"ActivityParticipantRole", roleTo, "3a6893ce-a6e1-df11-971b-001d60e938c6", "to,кому,an,à,para,till,til,vastaanottaja"},
		{"ActivityParticipantRole", roleCC, "3c6893ce-a6e1-df11-971b-001d60e938c6", "cc,копия,kopie,copie,copia,kopia,kopi,kopio"},
		{"ActivityParticipantRole", roleBCC, "ba1a7add-a6e1-df11-971b-001d60e938c6", "bcc,скрытая копия,blindkopie,copie cachée,copia oculta,cópia oculta,piilokopio,hemlig kopia,blindkopi"},

		{"ParticipantResponse", answerYes, "", "confirmed,accepted,yes,подтвердил,принято,да,zugesagt,bestätigt,accepté,confirmé,aceptado,confirmado,aceite,hyväksytty,accepterat,akseptert,accepteret,accettato"},
		{"ParticipantResponse", answerNo, "", "declined,rejected,no,отклонил,отклонено,нет,abgelehnt,refusé,rechazado,recusado,hylätty,avböjt,avslått,afvist,rifiutato"},
		{"ParticipantResponse", answerMaybe, "", "in doubt,tentative,maybe,под вопросом,mit vorbehalt,provisoire,provisional,talvez,alustava,preliminärt,tentativ,foreløbig,provvisorio"},

		{"CommunicationType", commEmail, "ee1c85c3-cfcb-df11-9b2a-001d60e938c6", "email,e-mail,эл. почта,sähköposti,e-post,correo electrónico"},
		{"CommunicationType", commMobile, "d4a2dc80-30ca-df11-9b2a-001d60e938c6", "mobile phone,mobile,мобильный телефон,mobiltelefon,handy,téléphone portable,móvil,teléfono móvil,telemóvel,matkapuhelin,cellulare"},
		{"CommunicationType", commWork, "3dddb3cc-53ee-49c4-a71f-e9e257f59e49", "business phone,work phone,рабочий телефон,telefon geschäftlich,téléphone professionnel,teléfono del trabajo,telefone comercial,työpuhelin,arbetstelefon,telefon arbeid,arbejdstelefon"},
		{"CommunicationType", commMain, "6a3fb10c-67cc-df11-9b2a-001d60e938c6", "primary phone,main phone,основной телефон,haupttelefon,teléfono principal,telefone principal,päänumero,huvudtelefon,hovedtelefon"},
		{"CommunicationType", commExtra, "2b387201-67cc-df11-9b2a-001d60e938c6", "alternate phone,additional phone,дополнительный телефон,weiteres telefon,teléfono adicional,telefone adicional,lisäpuhelin,extra telefon"},
		{"CommunicationType", commHome, "0da6a26b-d7bc-df11-b00f-001d60e938c6", "home phone,домашний телефон,telefon privat,téléphone personnel,teléfono particular,telefone residencial,kotipuhelin,hemtelefon,telefon hjemme,hjemmetelefon"},
		{"CommunicationType", commFax, "9a7ab41b-67cc-df11-9b2a-001d60e938c6", "fax,факс,faksi,faks"},
		{"CommunicationType", commExtension, "e9d91e45-8d92-4e38-95a0-ef8aa28c9e7a", "extension phone,extension,внутренний номер,durchwahl,extensión,ramal,alanumero,anknytning"},
		{"CommunicationType", commWeb, "6a8ba927-67cc-df11-9b2a-001d60e938c6", "web,веб,website,сайт,internet,www"},
		{"CommunicationType", commSkype, "09e4bda6-cfcb-df11-9b2a-001d60e938c6", "skype"},
		{"CommunicationType", commLinkedIn, "ea0f3b0a-bacf-e011-92c3-00155d04c01d", "linkedin"},
		{"CommunicationType", commTwitter, "e7139487-bad3-e011-92c3-00155d04c01d", "twitter,x"},
		{"CommunicationType", commFacebook, "2795dd03-bacf-e011-92c3-00155d04c01d", "facebook"},

		{"AddressType", addressWork, "fb7a3f6a-f36b-1410-6f81-1c6f65e50343", "business,work,рабочий,geschäftlich,professionnelle,trabajo,comercial,työ,arbete,arbeid,arbejde"},
		{"AddressType", addressHome, "", "home,домашний,privat,personnelle,particular,residencial,koti,hem,hjem,hjemme"},
		{"AddressType", addressDelivery, "", "shipping,delivery,доставки,адрес доставки,lieferadresse,livraison,envío,entrega,toimitus,leverans,levering"},

		{"Gender", genderMale, "", "male,мужской,männlich,homme,masculino,mies,man,mann,mand,maschio"},
		{"Gender", genderFemale, "", "female,женский,weiblich,femme,femenino,feminino,nainen,kvinna,kvinne,kvinde,femmina"},
	}
}

// words are all meanings, for the option that overrides them.
func words() []string {
	var out []string
	for _, m := range meanings() {
		out = append(out, m.word)
	}
	return out
}

// fold is how names are compared.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
