"""A module as companies have one of their own: columns on parties and works.

It is active in the Tryton databases of the tests. No column is required, so that
whoever does not know of them need not.
"""
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta


def register():
    Pool.register(Region, Party, Work, module='sample_fields', type_='model')


class Region(ModelSQL, ModelView):
    'Region'
    __name__ = 'sample.region'
    name = fields.Char("Name", required=True)


class Party(metaclass=PoolMeta):
    __name__ = 'party.party'
    remarks = fields.Text("Remarks")
    nickname = fields.Char("Nickname", size=100)
    position = fields.Char("Position")
    birth = fields.Date("Birthday")
    vip = fields.Boolean("Important")
    score = fields.Integer("Score")
    members = fields.BigInteger("Members")
    rating = fields.Float("Rating", digits=(16, 3))
    credit = fields.Numeric("Credit", digits=(16, 2))
    seen = fields.DateTime("Last visit")
    travel = fields.TimeDelta("Way")
    segment = fields.Selection([
            (None, ""), ('s', "Small"), ('l', "Large"), ('p', "Public sector"),
            ], "Segment")
    shift = fields.Selection('get_shifts', "Shift")
    branch = fields.Selection('get_branches', "Branch")
    area = fields.Many2One('sample.region', "Area")
    origin = fields.Char("Origin")
    areas = fields.Function(fields.Integer("Areas"), 'count_areas')
    first_area = fields.Function(
        fields.Many2One('sample.region', "First area"), 'get_first_area')
    best_time = fields.Time("Best time")
    picture = fields.Binary("Picture")
    tags = fields.MultiSelection([('a', "A"), ('b', "B")], "Tags")

    @classmethod
    def default_origin(cls):
        return 'office'

    @classmethod
    def get_shifts(cls):
        return [(None, ""), ('day', "By day"), ('night', "By night")]

    @fields.depends('segment')
    def get_branches(self):
        return [(None, ""), ('x', "Branch of %s" % (self.segment or '-'))]

    @classmethod
    def count_areas(cls, parties, name):
        count = Pool().get('sample.region').search([], count=True)
        return {p.id: count for p in parties}

    @classmethod
    def get_first_area(cls, parties, name):
        found = Pool().get('sample.region').search([], limit=1)
        return {p.id: found[0].id if found else None for p in parties}


class Work(metaclass=PoolMeta):
    __name__ = 'project.work'
    due = fields.Date("Due date")
    deadline = fields.DateTime("Deadline")
    done_at = fields.DateTime("Done at")
    report = fields.Text("Report")
    number = fields.Char("Number")
    minutes = fields.Integer("Minutes")
    billable = fields.Boolean("To be charged")
    price = fields.Numeric("Price", digits=(16, 2))
    phase = fields.Selection([
            (None, ""), ('plan', "Planning"), ('build', "Building"),
            ], "Phase")
    area = fields.Many2One('sample.region', "Area")
