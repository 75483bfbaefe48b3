"""English words, by what they do in a question."""

EMPTY = """
a about actually all also am an and any anybody anyone anything are as at back be because been being both but by
can cannot could did do does doing done don doesn didn each either else ever every everyone exactly few for from
had has have having he hello hey hi her here hers him his how i if in into is isn it its itself just kindly let
ll may maybe me might mine more most much many must my myself neither no nor not now of off often ok okay on once
one only or other our ours out over own per perhaps please quite rather re really shall she should since so some
somebody someone something somehow still such sure than thank thanks that the their theirs them then there these
they this those through to too under until up upon us ve very was way we well were what whats when where wheres
which while who whom whose why will with within without would yes yet you your yours yourself got ask asked tell
told know say says said wonder wondering question answer speaking regarding concerning generally possible beside
besides behind below beneath above across along among against onto toward towards throughout via again ups
"""

LIGHT = """
allow allowed permit permitted able need needs want wants like wish bring brings take takes get gets give gives
go goes come comes make makes use uses used put puts see look find keep keeps try work works help happen happens
mean means offer offers provide provides have show shows include included includes available there thing things
stuff place people person persons kind sort type types possible long time times day days first last new good best
big small number amount right wrong different same next supposed required normal usual usually current today main
special certain several total around away together during between before after often sometimes always never do
doing become begin expect recommend plan everything nothing ready already late early soon hear heard information
details info change order name list extra most least far near located situated whether exact
"""

COMMON = """
accept act add admit agree apply appear arrive ask avoid base become begin believe belong build built care carry
cause choose chosen close come complete connect consider contain continue control count cover create cut deal
decide depend describe develop draw drop enjoy enter exist expect explain face fall feel fill finish fit follow
forget form grow handle hang happen hear hold hope imagine improve increase interest involve join jump keep kill
laugh lead learn leave left lie listen live lived located love manage matter meet mention mind miss move notice
observe occur operate own pass perform pick play point possess prefer prepare prevent produce protect pull push
raise reach read realize receive recognize reduce refer relate remain remember represent rest result rise run
save seem serve set share sit situated speak spend stand stay stick stop suggest suit suppose talk teach tend
think touch treat turn understand visit wait walk wear win worry write home house inside outside building office
morning afternoon evening night midnight noon today tomorrow tonight yesterday week month year moment minute hour
daily area part side end middle front back top bottom case fact idea example reason situation rule rules purpose
job world country city town bit lot couple pair nice easy hard difficult simple full whole single old young short
high low large fast slow latest earliest longest normally standard regular personal private public real true
nearby nearest closest anywhere anyway
"""

SYNONYMS = """
price cost fee charge rate expensive cheap pay payment tariff #money
free complimentary gratis costless #money
quit terminate terminated cancel resign unsubscribe
responsible liable liability
edge side border
open opening opens opened hours
close closed closing shut closes
start begin begins starting commence
finish end ends ending until stop over
phone telephone call number mobile #phone
email mail contact #mail
contact reach phone telephone email
address location located situated street road avenue
checkout depart departure leave leaving
checkin arrive arrival arriving
car vehicle automobile parking drive
park parking carpark garage
bike bicycle cycle
child children kid kids youth toddler baby babies infant young daughter son
adult grownup
senior seniors elderly pensioner pensioners retired
student students pupil pupils
pet pets dog dogs cat cats animal animals
toilet toilets bathroom restroom restrooms washroom loo wc lavatory
wifi internet wireless network online wlan
password passphrase passcode
ticket tickets admission entry entrance
ticket tickets fare
enter entry entrance admission access
wheelchair accessible disabled disability mobility barrier step
lift elevator
stairs steps stairway staircase
picture pictures photo photos photograph photographs photography image camera snapshot
film video record
buy purchase purchased sell sold shop order obtain
shop store souvenir souvenirs gift
food eat eating meal meals snack snacks lunch dinner
restaurant cafe cafeteria canteen dining
drink drinks beverage beverages
breakfast morning
book books reserve reservation reservations booking booked
cancel cancellation cancelled canceled call
refund reimburse reimbursed reimbursement refunded repay repaid return back money
claim reimbursement expense expenses
expense expenses cost costs spending
return returns give back bring
borrow lend loan loans lent checkout
renew extend extension prolong renewal
fine fines penalty penalties overdue
late overdue delay delayed
bag bags luggage baggage suitcase backpack rucksack
locker lockers cloakroom
coat coats jacket cloakroom wardrobe
key keys keycard
card cards membership member
join register registration enrol enroll sign signup subscribe
guide guided tour tours
wash clean cleaning rinse wipe cleansed hygiene
repair fix fixed mend service servicing maintenance
broken defective faulty damaged break defect fault malfunction
error fault problem trouble issue
lost lose missing misplace misplaced
stolen theft steal
warranty guarantee guaranteed
fill refill top
empty drain
hot warm heat heating warmth temperature
cold cool cooling chilled
air conditioning ac aircon
power electricity mains electric plug socket
battery batteries charge charging recharge
switch turn
on activate enable
off disable deactivate
reset restart reboot restore
install installation setup set mount
delete remove erase
lamp led indicator light
blink blinks flash flashes flashing blinking
noise noisy loud quiet silence silent
smoke smoking cigarette cigarettes vaping
alcohol wine beer
swim swimming pool
sauna spa wellness
gym fitness workout
sleep overnight night
guest guests visitor visitors
employee employees staff worker workers colleague
manager boss supervisor superior
approve approved approval authorise authorize authorisation authorization permission sign
permission allowed permitted permit may allow
forbidden prohibited banned ban
must required mandatory compulsory obligatory need necessary
trip travel journey travelling traveling
flight flights fly plane air airline airplane
train rail railway
metro subway underground
hotel accommodation lodging lodge
taxi cab
bus coach tram
rent hire rental
leave holiday vacation
doctor medical physician
sick ill illness
deadline due
limit maximum max most
weekly week
weekend saturday sunday
weekday monday tuesday wednesday thursday friday
holiday holidays
evening night
old age aged
big size large dimensions
weight weigh weighs heavy kilograms kg
height high tall
reuse recycle recycling
throw dispose disposal discard bin trash garbage rubbish waste
group groups party
school class
discount discounts reduced reduction cheaper concession concessions
meeting meetings conference
print printer printing copy copier
computer computers pc laptop
event events programme program
language languages translation english
emergency urgent
complain complaint complaints
founded built established created since
author writer wrote
director head boss leader
temporary special
send post mail ship shipping deliver delivery
quick fast quickly speed
insurance insured insure
"""
