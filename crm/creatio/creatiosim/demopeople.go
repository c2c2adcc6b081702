package creatiosim

// demoCompanies are name | type | country | city | street | zip.
const demoCompanies = `
Northwick Lanterns Ltd | Customer | United Kingdom | London | 4 Candle Yard | ZZ1 4AA
Harbour & Quill Publishing | Partner | United Kingdom | London | 18 Inkwell Row | ZZ2 7BB
Tuulivoima Esimerkki Oy | Customer | Finland | Helsinki | Keksittykatu 7 | 00999
Järvenranta Leipomo Oy | Supplier | Finland | Espoo | Taikinapolku 3 | 02999
Påhittad Mekanik AB | Customer | Sweden | Stockholm | Exempelgatan 12 | 999 01
Fjällviken Textil AB | Supplier | Sweden | Stockholm | Vävargränd 2 | 999 02
Padaria Inventada Lda | Customer | Portugal | Porto | Rua do Exemplo 21 | 9999-001
Moinho Azul Engenharia | Partner | Portugal | Porto | Travessa Imaginária 5 | 9999-002
ООО «Вымышленные системы» | Customer | Kazakhstan | Алматы | улица Примерная, 15 | 999001
АО «Северный чертёж» | Partner | Kazakhstan | Алматы | проспект Образцовый, 3 | 999002
示例贸易有限公司 | Customer | China | 上海 | 虚构路88号 | 999100
云桥样品科技 | Supplier | China | 上海 | 想象街16号 | 999101
شركة المثال للتجارة | Customer | Egypt | القاهرة | شارع الخيال ٩ | 99911
Παράδειγμα ΑΕ | Customer | Greece | Athens | Οδός Φαντασίας 30 | 999 31
Φανταστικά Ναυπηγεία ΕΠΕ | Partner | Greece | Athens | Λεωφόρος Δείγματος 8 | 999 32
`

// demoPeople are given | middle | surname | mailbox | company (from 1, 0 is none) | job title | contact type | flags.
// All are invented. Flags: b a birthday, m a second e-mail, h a home phone, a an address, n notes, p a photo, s Skype,
// - no e-mail at all.
const demoPeople = `
Ada | | Exampleton | ada.exampleton | 1 | Head of Purchasing | Customer | bmhanps
Barnaby | J. | Quillfeather | barnaby.quillfeather | 2 | Editor | Contact person | bn
Clementine | | Ashgrove-Tindle | clementine.tindle | 1 | Accountant | Customer | ha
Dexter | | Moonraker | dexter.moonraker | 2 | Sales Manager | Supplier | s
Euphemia | Rose | Thistlewick | euphemia.thistlewick | 0 | Consultant | Customer | ba
Fitzgerald | | O'Sample | fitz.osample | 1 | Warehouse "Bay 3" Lead | Customer | n
Gwendolyn | | Pepperdine-Foxe | gwen.foxe | 2 | Rights & Licences | Contact person | m
Hugo | | Inkpen | hugo.inkpen | 0 | | Customer | -
Aino | Maria | Esimerkki | aino.esimerkki | 3 | Hankintapäällikkö | Customer | bmhap
Eero | | Keksitty | eero.keksitty | 3 | Huoltoinsinööri | Customer | n
Helmi | | Järvelä-Testi | helmi.jarvela | 4 | Leipurimestari | Supplier | ba
Onni | Kalevi | Mallikas | onni.mallikas | 4 | Myyntipäällikkö | Supplier | s
Päivi | | Näyte | paivi.nayte | 0 | | Customer | h
Väinö | | Ylälä | vaino.ylala | 3 | Toimitusjohtaja | Contact person | bn
Sanelma | | Äänekäs | sanelma.aanekas | 4 | Kirjanpitäjä | Supplier | -
Astrid | | Exempelström | astrid.exempelstrom | 5 | Inköpschef | Customer | bha
Björn | Åke | Påhittsson | bjorn.pahittsson | 5 | Verkmästare | Customer | m
Göran | | Ängsmark | goran.angsmark | 6 | Designer | Supplier | n
Linnea | | Provberg | linnea.provberg | 6 | Säljare | Supplier | bs
Märta | | Sköld-Test | marta.skold | 0 | | Customer | a
Torsten | | Övning | torsten.ovning | 5 | Ekonomichef | Contact person | h
Viveka | | Älvdröm | viveka.alvdrom | 6 | Vd | Supplier | b
Amália | | Exemplo | amalia.exemplo | 7 | Diretora de compras | Customer | bmap
Bento | | Imaginário | bento.imaginario | 7 | Padeiro-chefe | Customer | n
Conceição | Maria | da Amostra | conceicao.amostra | 8 | Engenheira | Contact person | ha
Duarte | | Fictício | duarte.ficticio | 8 | Gestor de projetos | Contact person | s
Inês | | Moinho-Inventado | ines.moinho | 0 | | Customer | b
João | Tomás | Suposto | joao.suposto | 7 | Contabilista | Customer | -
Lourenço | | Protótipo | lourenco.prototipo | 8 | Desenhador | Contact person | n
Violeta | | Ensaio | violeta.ensaio | 7 | Vendas | Customer | m
Иван | Петрович | Примеров | ivan.primerov | 9 | Начальник отдела закупок | Customer | bmhanp
Мария | Сергеевна | Образцова | maria.obraztsova | 9 | Главный бухгалтер | Customer | ba
Олег | Игоревич | Вымыслов | oleg.vymyslov | 10 | Проектировщик | Contact person | n
Светлана | Юрьевна | Тестова-Щукина | svetlana.testova | 10 | Менеджер по продажам | Contact person | hs
Ёлка | Фёдоровна | Пробная | elka.probnaya | 0 | | Customer | b
Кирилл | Андреевич | Чертёжников | kirill.chertezhnikov | 10 | Генеральный директор | Contact person | m
Зинаида | Львовна | Небывалова | zinaida.nebyvalova | 9 | Юрист | Customer | -
Тимур | Маратович | Мысленный | timur.myslenny | 9 | Инженер | Customer | a
示例 | | 王 | wang.shili | 11 | 采购经理 | Customer | bma
小样 | | 李 | li.xiaoyang | 11 | 会计 | Customer | n
虚构 | | 张 | zhang.xugou | 12 | 工程师 | Supplier | h
云 | | 陈 | chen.yun | 12 | 销售总监 | Supplier | bps
想象 | | 赵 | zhao.xiangxiang | 0 | | Customer | a
测试 | | 欧阳 | ouyang.ceshi | 12 | 设计师 | Supplier | -
雨桥 | | 林 | lin.yuqiao | 11 | 助理 | Customer | m
مثال | | الخيالي | mithal.khayali | 13 | مدير المشتريات | Customer | bma
نور | | العينة | nour.alayna | 13 | محاسبة | Customer | hn
سامي | | الافتراضي | sami.iftiradi | 13 | مهندس | Customer | b
ليلى | | التجريبية | layla.tajribi | 0 | | Customer | a
كريم | | النموذجي | karim.namuthaji | 13 | المبيعات | Customer | s
هالة | | المبتكرة | hala.mubtakara | 13 | مديرة عامة | Contact person | -
زياد | | القصة | ziyad.qissa | 0 | | Customer | n
Αθηνά | | Παραδειγμάτου | athina.paradeigmatou | 14 | Διευθύντρια προμηθειών | Customer | bmhap
Γιώργος | | Δείγμας | giorgos.deigmas | 14 | Λογιστής | Customer | n
Ειρήνη | | Φαντασίδου | eirini.fantasidou | 15 | Ναυπηγός | Contact person | ha
Κώστας | | Δοκιμαστίδης | kostas.dokimastidis | 15 | Πωλήσεις | Contact person | s
Μελίνα | | Υποθέτη | melina.ypotheti | 0 | | Customer | b
Οδυσσέας | | Πλασματικός | odysseas.plasmatikos | 14 | Τεχνικός | Customer | m
Σοφία | | Ελπιδοπούλου | sofia.elpidopoulou | 15 | Γενική διευθύντρια | Contact person | -
Χρήστος | | Ψεύτης | christos.pseftis | 14 | Αποθηκάριος | Customer | n
`
