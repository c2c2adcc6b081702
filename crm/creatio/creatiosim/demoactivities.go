package creatiosim

// demoActivities are day from today | start UTC | minutes | category | status | priority | flags | participants (numbers
// of demoPeople from 1) | title | location | notes. Flags: s shown in the scheduler, r a reminder to the owner, i the
// participants are invited, w written by someone else, c with a company, x an e-mail activity, L very long notes.
const demoActivities = `
-20 | 09:00 | 60 | Meeting | Completed | Medium | sc | 1 3 | Kick-off with Northwick Lanterns | Candle Yard, room 2 | Agenda: scope, dates, who signs.
-19 | 13:30 | 30 | Call | Completed | Medium | | 2 | Call Barnaby about the reprint | |
-18 | 08:15 | 90 | Meeting | Completed | High | sr | 9 10 14 | Tuulivoimalan huoltosopimus | Keksittykatu 7 | Käydään läpi huoltovälit ja varaosat.
-15 | 11:00 | 45 | To do | Completed | Low | | 16 | Skicka offert till Påhittad Mekanik | | Bilagan ska vara på svenska.
-14 | 10:00 | 60 | Meeting | Canceled | Medium | s | 23 | Visita à padaria (cancelada) | Rua do Exemplo 21 | Adiada a pedido da cliente.
-13 | 06:00 | 120 | Meeting | Completed | High | sci | 31 32 | Переговоры по договору поставки | Алматы, переговорная № 3 | Обсудить сроки, оплату и неустойку.
-12 | 02:00 | 60 | Meeting | Completed | Medium | sc | 39 40 | 季度采购会议 | 虚构路88号 3楼 | 请准备报价单。
-11 | 12:00 | 30 | Call | Completed | Medium | r | 46 | مكالمة حول موعد التسليم | | تأكيد الكمية والسعر.
-10 | 14:00 | 60 | Meeting | Completed | Medium | s | 53 54 | Παρουσίαση νέων προϊόντων | Οδός Φαντασίας 30 |
-8 | 09:30 | 15 | Email | Completed | Medium | x | 4 | RE: Rights for the spring list | | Automatic log of a message.
-7 | 07:00 | 240 | To do | In progress | High | r | | Prepare the yearly price list | | Check: VAT; rounding, "special" rates\\discounts.
-6 | 15:00 | 30 | Call | Canceled | Low | | 7 | Call Gwendolyn (no answer) | |
-5 | 09:00 | 60 | Meeting | Completed | Medium | sci | 11 12 | Leipomon toimitusaikataulu | Teams | Liite: viikot 1–8.
-4 | 16:30 | 60 | Meeting | Completed | Low | sw | 19 | Fika med Linnea på Fjällviken | Vävargränd 2 |
-3 | 05:30 | 45 | Call | Completed | High | r | 34 | Звонок: уточнить объёмы 📞 | | Перезвонить после обеда; номер добавочный 215.
-2 | 10:00 | 30 | To do | Completed | Medium | | 25 | Enviar amostras à Conceição | | Morada: Travessa Imaginária 5
-1 | 09:00 | 60 | Meeting | Completed | High | sr | 1 2 6 | Weekly review | Main office, room "Oak" | 1. Open offers\n2. Late payments\n3. Any other business
-1 | 13:00 | 60 | To do | In progress | High | L | | Write the report on the autumn campaign | |
0 | 07:30 | 30 | Call | Not started | High | r | 31 | Созвон с Иваном Петровичем | | Согласовать спецификацию.
0 | 09:00 | 60 | Meeting | Not started | Medium | srci | 1 9 16 23 31 39 46 53 | All partners: planning call 🌍 | https://meet.example.org/planning | Eight languages, one hour. Please be on time.
0 | 11:00 | 90 | Meeting | In progress | High | sc | 26 29 | Revisão do projeto do moinho | Porto, sala azul | Trazer os desenhos atualizados.
0 | 15:00 | 30 | To do | Not started | Low | | | Order new business cards | |
1 | 02:30 | 60 | Meeting | Not started | Medium | sri | 41 42 | 样品评审 | 线上会议 | 样品编号：A-1、A-2、B-7
1 | 08:00 | 45 | Meeting | Not started | Medium | sw | 10 | Huoltokäynnin suunnittelu | Helsinki |
1 | 12:00 | 60 | To do | Not started | High | r | 17 | Granska ritningarna från Björn | | Sista dag för synpunkter är i morgon.
2 | 09:00 | 120 | Meeting | Not started | High | srci | 55 56 59 | Συνάντηση για το νέο σκάφος | Λεωφόρος Δείγματος 8 | Συζήτηση για υλικά, κόστος και χρόνο παράδοσης.
2 | 13:00 | 30 | Call | Not started | Medium | | 48 | اتصال مع سامي بخصوص المواصفات | |
3 | 10:00 | 60 | Product demo | Not started | Medium | sr | 3 5 | Product demo for Ashgrove-Tindle | Online | Show: import; export, search.
3 | 14:30 | 30 | To do | Postponed | Low | | 13 | Soita Päiville uudesta osoitteesta | |
4 | 06:00 | 60 | Meeting | Not started | Urgent | sri | 33 36 38 | Совещание по чертежам | Алматы, пр. Образцовый, 3 | Взять листы 4–9 и ведомость материалов.
5 | 09:00 | 180 | Site inspection | Not started | Medium | sc | 18 | Besök i väveriet | Vävargränd 2 | Skyddsskor krävs.
6 | 08:00 | 1440 | To do | Not started | Medium | s | | Trade fair, day 1 | Hall 4, stand 17 |
7 | 09:00 | 60 | Meeting | Not started | Medium | sr | 1 2 6 | Weekly review | Main office, room "Oak" | 1. Open offers\n2. Late payments\n3. Any other business
8 | 12:30 | 60 | Meeting | Not started | Low | s | 27 | Almoço com a Inês | Cais da Invenção |
9 | 10:00 | 30 | Call | Not started | Medium | r | 20 | Ring Märta om leveransen | |
10 | 03:00 | 90 | Meeting | Not started | High | sci | 39 45 | 年度合同谈判 | 上海，虚构路88号 | 合同草案见附件。
12 | 11:00 | 60 | Meeting | Not started | Medium | s | 46 47 51 | اجتماع الميزانية السنوية | القاهرة، قاعة ١ | يرجى إحضار التقارير المالية.
14 | 09:00 | 60 | Meeting | Not started | Medium | sr | 1 2 6 | Weekly review | Main office, room "Oak" | 1. Open offers\n2. Late payments\n3. Any other business
17 | 08:30 | 60 | Meeting | Not started | Medium | s | 14 | Lounas Väinön kanssa | Ravintola Esimerkki |
20 | 13:00 | 120 | To do | Not started | Low | | | Archive last year's contracts | |
21 | 09:00 | 30 | Email | Not started | Medium | x | 8 | Newsletter draft | | Automatic log of a message.
`
