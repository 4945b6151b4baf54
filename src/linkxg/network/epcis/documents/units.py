"""Values of sensors in the base unit of their measurement type (GS1 Web Vocabulary; units of UN/CEFACT Rec 20).

Queries compare values in any unit, so both sides are converted. The arithmetic is exact: 20 °C is 293.15 K.
"""

from fractions import Fraction
from typing import NamedTuple


class UnitOfMeasure(NamedTuple):
    """`value × factor + offset` is the value in the base unit."""

    base: str
    factor: Fraction
    offset: Fraction = Fraction(0)


# In each line a base unit, then other units with their factors.
_TABLE = """
MTR MMT=1/1000 CMT=1/100 DMT=1/10 KMT=1000 INH=0.0254 FOT=0.3048 YRD=0.9144 SMI=1609.344 NMI=1852 4H=1e-6 C45=1e-9
MTK MMK=1e-6 CMK=1e-4 DMK=1/100 KMK=1e6 HAR=10000 ARE=100 INK=0.00064516 FTK=0.09290304 YDK=0.83612736
MTQ LTR=1/1000 MLT=1e-6 CLT=1e-5 DLT=1e-4 HLT=1/10 CMQ=1e-6 DMQ=1/1000 MMQ=1e-9 GLL=0.003785411784 GLI=0.00454609
MTQ FTQ=0.028316846592 INQ=0.000016387064 YDQ=0.764554857984 PTI=0.00056826125 PTL=0.000473176473 QTL=0.000946352946
C81 DD=0.017453292519943295769 C25=1/1000
KGM GRM=1/1000 MGM=1e-6 MC=1e-9 TNE=1000 HGM=1/10 DTN=100 LBR=0.45359237 ONZ=0.028349523125 STI=6.35029318
KGM LTN=1016.0469088 STN=907.18474 GRN=0.00006479891
C34 C18=1/1000 B45=1000 FH=1e-6
KMQ 23=1000 A93=1/1000 GP=1e-6 GQ=1e-9 GL=1 M1=1/1000 B35=1000
C36 C35=1000 C38=1000 M33=1 B46=1000
SEC MIN=60 HUR=3600 DAY=86400 WEE=604800 C26=1/1000 B98=1e-6 C47=1e-9
HTZ KHZ=1000 MHZ=1e6 A86=1e9
MTS KMH=5/18 HM=0.44704 KNT=463/900 FS=0.3048 C16=1/1000 2M=1/100 M62=1000
MSK A76=1/100 K40=9.80665
MQS MQH=1/3600 G51=1/1000 2J=1e-6 E32=1/3600000
KGS E93=1/3600 F31=1/60
NEW B47=1000 B73=1e6 DU=1e-5 C78=4.4482216152605
PAL HPA=100 A97=100 KPA=1000 MPA=1e6 BAR=100000 MBR=100 ATM=101325 PS=6894.757293168 HN=133.322387415 UA=133.322368421
JOU KJO=1000 3B=1e6 GV=1e9 WHR=3600 KWH=3600000 MWH=3.6e9 D70=4.1868 E14=4186.8 BTU=1055.05585262 A53=1.602176634e-19
WTT KWT=1000 MAW=1e6 A90=1e9 C31=1/1000 D80=1e-6 HJ=735.49875 BHP=745.69987158227022
NU B48=1000 B74=1e6
AMP 4K=1/1000 B84=1e-6 B22=1000
VLT 2Z=1/1000 D82=1e-6 KVT=1000 B78=1e6
OHM B49=1000 B75=1e6 E45=1/1000
COU AMH=3600 D86=1/1000 E09=18/5 TAH=3600000
FAR 4O=1e-6 C41=1e-9 4T=1e-12
LUX KLX=1000 P25=10.763910416709722
BQL 2Q=1000 4N=1e6 GBQ=1e9 CUR=3.7e10
D13 C28=1/1000
A95 C13=1/1000
AD A99=1/8 2P=1000 4L=1e6 E34=1e9 E35=1e12 E36=1e15
C62 P1=1/100 NX=1/1000 59=1e-6 61=1e-9 EA=1 H87=1 DZN=12
"""
UNITS: dict[str, UnitOfMeasure] = {
    "KEL": UnitOfMeasure("KEL", Fraction(1)),
    "CEL": UnitOfMeasure("KEL", Fraction(1), Fraction("273.15")),
    "FAH": UnitOfMeasure("KEL", Fraction(5, 9), Fraction("459.67") * 5 / 9),
    "A48": UnitOfMeasure("KEL", Fraction(5, 9)),
    "L2": UnitOfMeasure("MQS", Fraction(1, 60_000)),
}
for _base, *_others in map(str.split, _TABLE.strip().splitlines()):
    UNITS[_base] = UnitOfMeasure(_base, Fraction(1))
    UNITS |= {
        code: UnitOfMeasure(_base, Fraction(factor)) for code, _, factor in (one.partition("=") for one in _others)
    }


def to_base_unit(value: float, uom: str, *, difference: bool = False) -> tuple[float, str]:
    """The value and the code of its base unit; both as given where the unit is not known.

    A difference, such as a standard deviation, has no offset. Raises OverflowError.
    """
    unit = UNITS.get(uom)
    if unit is None or unit.base == uom:
        return float(value), uom
    exact = Fraction(repr(value)) * unit.factor + (0 if difference else unit.offset)
    return float(exact), unit.base
